#include "lib/table/memory_tables.h"

#include <algorithm>

#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::table {

namespace {

constexpr std::size_t kLongestFile = 1u << 30;

struct Record {
  std::string key;
  std::string_view value;
};

Result<Record> parse_record(std::string_view line) {
  std::string key;
  bool quoted = false;
  std::size_t at = 0;
  for (; at < line.size() && (quoted || !is_space(line[at])); ++at) {
    if (line[at] == '"') {
      quoted = !quoted;
    } else if (line[at] == '\\' && quoted && at + 1 < line.size()) {
      key += line[++at];
    } else {
      key += line[at];
    }
  }
  const auto value = trim(line.substr(at));
  if (quoted) return fail(Errc::invalid, "unbalanced '\"'");
  if (key.empty() || value.empty()) return fail(Errc::invalid, "expected format: key whitespace value");
  return Record{lower(key), value};
}

}  // namespace

Result<Values> parse_texthash(std::string_view text, std::string_view path, const Warn& warn) {
  Values values;
  std::string entry;
  std::size_t entry_line = 0;
  const auto take_entry = [&]() -> Result<void> {
    if (entry.empty()) return {};
    const auto where = concat(path, ", line ", entry_line, ": ");
    auto record = parse_record(trim(entry));
    if (!record) return fail(Errc::invalid, where + record.error().text);
    const auto [place, fresh] = values.try_emplace(std::move(record->key), record->value);
    if (!fresh) warn(concat(where, "duplicate entry: \"", printable(place->first, 100), '"'));
    entry.clear();
    return {};
  };
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto words = trim(line);
    if (words.empty() || words.front() == '#') continue;
    if (!is_space(line.front())) {
      auto taken = take_entry();
      if (!taken) return fail(taken.error());
      entry_line = number;
    } else if (entry.empty()) {
      return fail(Errc::invalid,
                  concat(path, ", line ", number, ": logical line must not start with whitespace"));
    }
    entry += line;
  }
  auto taken = take_entry();
  if (!taken) return fail(taken.error());
  return values;
}

Result<std::unique_ptr<Table>> open_texthash(std::string name, std::string_view argument) {
  const auto text = read_file(std::string(argument), kLongestFile);
  if (!text) return fail(text.error());
  auto values = parse_texthash(*text, argument, [](const auto& warning) { log_warning(warning); });
  if (!values) return fail(values.error());
  return std::make_unique<PairTable>(std::move(name), std::move(*values));
}

}  // namespace postern::table
