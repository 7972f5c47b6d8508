#include "postconf/comments.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "lib/config/service.h"

namespace postern::postconf {

namespace {

using config::Lines;

bool is_setting(std::string_view text) {
  const auto name = text.substr(0, text.find_first_of("= \t"));
  const bool good =
      !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_'; });
  return good && config::split_setting(text).has_value();
}

// More of a value. One blank may as well begin a sentence: then the value so far has to ask for more.
bool continues_setting(std::string_view text, std::string_view so_far) {
  if (text.empty() || !is_blank(text.front()) || trim(text).empty() || is_setting(trim(text))) return false;
  if (text.front() == '\t' || text.starts_with("  ")) return true;
  const auto value = trim(so_far);
  return value.ends_with(',') || value.ends_with('=');
}

// More arguments of a service.
bool continues_service(std::string_view text) {
  if (text.empty() || !is_blank(text.front())) return false;
  const auto words = split_words(text, config::kBlanks);
  if (words.empty()) return false;
  const auto first = words.front();
  if (first.starts_with('-') || first.starts_with('{') || first.starts_with('$')) return true;
  const auto name = first.substr(0, first.find('='));
  return name.size() < first.size() &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_'; });
}

}  // namespace

std::string_view behind_mark(std::string_view line) {
  if (!line.starts_with('#')) return {};
  line.remove_prefix(std::min(line.find_first_not_of('#'), line.size()));
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::vector<Commented> commented_settings(const Lines& lines) {
  std::vector<Commented> found;
  bool open = false;  // the line before belongs to the last one
  for (std::size_t i = 0; i < lines.height(); ++i) {
    const auto text = behind_mark(lines.line(i));
    if (open && continues_setting(text, found.back().text)) {
      found.back().lines.push_back(i);
      found.back().text += text;
      continue;
    }
    const auto trimmed = trim(text);
    open = is_setting(trimmed);
    if (open) found.push_back({{i}, std::string(trimmed)});
  }
  return found;
}

std::vector<Commented> commented_services(const Lines& lines) {
  std::vector<Commented> found;
  bool open = false;
  for (std::size_t i = 0; i < lines.height(); ++i) {
    const auto text = behind_mark(lines.line(i));
    if (text.empty()) {
      open = open && trim(lines.line(i)).starts_with('#');
      continue;
    }
    if (open && continues_service(text)) {
      found.back().lines.push_back(i);
      found.back().text += text;
      continue;
    }
    const auto trimmed = trim(text);
    const bool is_entry = config::parse_service(trimmed).has_value();
    if (is_entry) found.push_back({{i}, std::string(trimmed)});
    open = open || is_entry;
  }
  return found;
}

void uncomment(Lines& lines, const Commented& entry) {
  bool first = true;
  for (const auto number : entry.lines) {
    std::string line(lines.line(number));
    line.erase(0, line.find_first_not_of('#'));
    if (first) line.erase(0, line.find_first_not_of(config::kBlanks));
    first = false;
    lines.replace(number, number + 1, {line});
  }
}

}  // namespace postern::postconf
