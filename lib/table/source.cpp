#include "lib/table/source.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/words.h"

namespace postern::table {

namespace {

Result<std::vector<SourceRule>> rules_in_place(std::string_view argument) {
  const auto inner = config::without_braces(argument);
  if (!inner) return fail(inner.error());
  const auto words = config::split_braced(*inner, config::kListSeparators);
  if (!words) return fail(words.error());
  std::vector<SourceRule> rules;
  for (const auto& word : *words) {
    if (!word.starts_with('{')) {
      return fail(Errc::invalid, concat("no '{' at start of text in \"", printable(word, 200), '"'));
    }
    auto rule = config::without_braces(word);
    if (!rule) return fail(rule.error());
    rules.push_back({std::move(*rule), concat("rule ", rules.size() + 1)});
  }
  return rules;
}

}  // namespace

void each_line(std::string_view text, std::string_view path, const TakeLine& take, const Report& report) {
  std::string joined;
  std::string_view first;
  std::size_t first_number = 0;
  const auto finish = [&] {
    if (first_number != 0) take(joined.empty() ? first : std::string_view(joined), first_number);
    joined.clear();
    first_number = 0;
  };
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto words = trim(line);
    if (words.empty() || words.front() == '#') continue;
    if (!is_space(line.front())) {
      finish();
      first = line;
      first_number = number;
    } else if (first_number == 0) {
      report(Trouble::warning, concat(path, ", line ", number,
                                      ": logical line must not start with whitespace -- ignoring this line"));
    } else {
      if (joined.empty()) joined = first;
      joined += line;
    }
  }
  finish();
}

Result<std::vector<SourceRule>> read_rules(std::string_view argument) {
  if (argument.starts_with('{')) return rules_in_place(argument);
  const auto text = read_watched(std::string(argument), kLongestSource);
  if (!text) return fail(text.error());
  std::vector<SourceRule> rules;
  each_line(
      *text, argument,
      [&](std::string_view line, std::size_t number) {
        rules.push_back({std::string(trim(line)), concat(argument, ", line ", number)});
      },
      Opening::report);
  return rules;
}

std::optional<std::string_view> behind_word(std::string_view line, std::string_view word) {
  if (!istarts_with(line, word)) return std::nullopt;
  line.remove_prefix(word.size());
  if (!line.empty() && is_alnum(line.front())) return std::nullopt;
  return trim(line);
}

}  // namespace postern::table
