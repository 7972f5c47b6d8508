#include "lib/table/records.h"

#include "lib/base/text.h"

namespace postern::table {

namespace {

constexpr std::string_view kNoPair = "expected format: key whitespace value";

enum class Quotes { keep, drop };

// Takes text up to the first character that `ends` says, outside of quotes. False when a quote does not close.
template <class Ends>
bool take_key(std::string_view& line, std::string& out, Quotes quotes, Ends ends) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < line.size() && (quoted || !ends(line[at])); ++at) {
    const bool hides = line[at] == '\\' && quoted && at + 1 < line.size();
    if (line[at] == '"') quoted = !quoted;
    if (quotes == Quotes::keep || (line[at] != '"' && !hides)) out += line[at];
    if (hides) out += line[++at];
  }
  line.remove_prefix(at);
  return !quoted;
}

// The values behind an alias, which commas separate outside of quotes.
std::string joined_values(std::string_view text) {
  std::string joined;
  std::string value;
  bool quoted = false;
  const auto finish = [&] {
    const auto trimmed = trim(value);
    if (!trimmed.empty()) joined += concat(joined.empty() ? "" : ", ", trimmed);
    value.clear();
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ',' && !quoted) {
      finish();
      continue;
    }
    value += c;
    if (c == '"') quoted = !quoted;
    if (c == '\\' && at + 1 < text.size()) value += text[++at];
  }
  finish();
  return joined;
}

void mistake(const TakeRecords& to, const std::string& key, const std::string& text) {
  to.report(Trouble::mistake, concat(text, " -- ignoring this line"));
  to.broken(key, text);
}

}  // namespace

void read_pairs(std::string_view text, std::string_view path, const TakeRecords& to) {
  each_line(
      text, path,
      [&](std::string_view line, std::size_t number) {
        Record record;
        record.where = concat(path, ", line ", number);
        auto rest = trim(line);
        if (!take_key(rest, record.key, Quotes::keep, is_space)) {
          return mistake(to, "", concat(record.where, ": unbalanced '\"' in '", printable(line, 100), '\''));
        }
        record.value = trim(rest);
        if (record.key.empty() || record.value.empty()) {
          return mistake(to, record.key, concat(record.where, ": ", kNoPair));
        }
        if (record.key.ends_with(':')) {
          to.report(Trouble::warning,
                    concat(record.where, ": record is in \"key: value\" format; is this an alias file?"));
        }
        to.take(std::move(record));
      },
      to.report);
}

void read_aliases(std::string_view text, std::string_view path, const TakeRecords& to) {
  each_line(
      text, path,
      [&](std::string_view line, std::size_t number) {
        Record record;
        record.where = concat(path, ", line ", number);
        auto rest = trim(line);
        std::string name;
        const bool closed = take_key(rest, name, Quotes::drop, [](char c) { return c == ':'; });
        record.key = trim(name);
        const auto values = closed && !rest.empty() ? joined_values(rest.substr(1)) : std::string();
        if (record.key.empty() || values.empty()) {
          return mistake(to, record.key, record.where + ": need name:value pair");
        }
        if (record.key.find('@') != std::string::npos) {
          return mistake(to, record.key, record.where + ": name must be local");
        }
        record.value = values;
        to.take(std::move(record));
      },
      to.report);
}

bool looks_like_aliases(std::string_view text) {
  bool any = false;
  each_line(
      text, "",
      [&](std::string_view line, std::size_t) {
        std::string name;
        auto rest = trim(line);
        const bool closed = take_key(rest, name, Quotes::keep, is_space);
        rest = trim(rest);
        const bool alone = rest.empty() && name.find(':') != std::string::npos;
        any = any || (closed && (name.ends_with(':') || rest.starts_with(':') || alone));
      },
      [](Trouble, const std::string&) {});
  return any;
}

}  // namespace postern::table
