#include "postconf/main_edit.h"

#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/main_cf.h"
#include "postconf/edited_file.h"

namespace postern::postconf {

namespace {

using config::Change;

struct Wanted {
  std::string line;  // what the entry becomes, for Verb::edit
  int found = 0;
};
using WantedNames = std::map<std::string, Wanted, std::less<>>;

Failure invalid(std::string text) { return fail(Errc::invalid, std::move(text)); }

Result<void> check_word(const std::string& word) {
  if (word.find('\n') != word.npos) return invalid("-e, -X, or -# accepts no multi-line input");
  if (trim(word).starts_with('#')) return invalid("-e, -X, or -# accepts no comment input");
  return {};
}

Result<void> want_setting(const std::string& word, WantedNames& wanted, Output& output) {
  const auto setting = config::split_setting(word);
  if (!setting) return fail(setting.error());
  const auto& [name, value] = *setting;
  auto& entry = wanted[name];
  if (!entry.line.empty()) output.warn(concat("ignoring earlier request: '", entry.line, "'"));
  entry.line = concat(name, " = ", value);
  return {};
}

Result<void> want_name(const std::string& word, WantedNames& wanted) {
  if (word.find('=') != word.npos) return invalid("-X or -# requires parameter names without value");
  const auto name = trim(word);
  if (name.empty()) return invalid("-X or -# requires non-blank parameter names");
  wanted[std::string(name)];
  return {};
}

Result<WantedNames> read_words(const Request& request, Output& output) {
  WantedNames wanted;
  for (const auto& word : request.words) {
    if (auto fine = check_word(word); !fine) return fail(fine.error());
    const auto done =
        request.verb == Verb::edit ? want_setting(word, wanted, output) : want_name(word, wanted);
    if (!done) return fail(done.error());
  }
  return wanted;
}

Change::Kind kind_of(Verb verb) {
  return verb == Verb::edit     ? Change::Kind::rewrite
         : verb == Verb::remove ? Change::Kind::erase
                                : Change::Kind::comment_out;
}

std::string_view name_of(std::string_view entry) {
  const auto stop = std::find_if(entry.begin(), entry.end(), [](char c) { return c == '=' || is_space(c); });
  return entry.substr(0, static_cast<std::size_t>(stop - entry.begin()));
}

// Every entry of these names, not only the one in force; names that are not there yet come last, sorted.
std::string edited(config::Lines lines, const Request& request, WantedNames& wanted, const std::string& path,
                   Output& output) {
  std::vector<Change> changes;
  for (auto& entry : lines.logical()) {
    const auto found = wanted.find(name_of(entry.text));
    if (found == wanted.end()) continue;
    if (found->second.found++ == 1)
      output.warn(concat(path, ": multiple entries for \"", found->first, "\""));
    changes.push_back({kind_of(request.verb), std::move(entry), found->second.line});
  }
  lines.apply(changes);
  for (const auto& [name, entry] : wanted) {
    if (request.verb == Verb::edit && entry.found == 0) lines.append(entry.line);
  }
  return lines.text();
}

}  // namespace

Result<void> edit_main(const Request& request, Output& output) {
  auto wanted = read_words(request, output);
  if (!wanted) return fail(wanted.error());
  const auto path = concat(request.directory, "/main.cf");
  auto file = EditedFile::open(path);
  if (!file) return fail(file.error());
  auto lines = config::Lines::parse(file->text(), path);
  if (!lines) return fail(lines.error());
  const auto text = edited(std::move(*lines), request, *wanted, path, output);
  // A file that is broken already may be repaired step by step.
  const auto result = config::MainCf::parse(text, path);
  if (!result && config::MainCf::parse(file->text(), path)) return fail(result.error());
  return file->replace(text);
}

}  // namespace postern::postconf
