// The text of a master.cf entry.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/service.h"

namespace postern::config {

namespace {

constexpr std::array<std::size_t, kFields + 1> kColumns{0, 11, 17, 25, 33, 41, 49, 57};
constexpr std::size_t kWidth = 80;
constexpr std::string_view kIndent = "    ";

// In braces if it would otherwise not come back as one word.
std::string quoted(const std::string& word) {
  const auto words = split_braced(word, kBlanks);
  const bool is_plain = words && words->size() == 1 && words->front() == word && !word.starts_with('{');
  return is_plain ? word : concat("{", word, "}");
}

// The arguments with options written in one way, a string for each that belongs on one line.
List canonical_arguments(const Service& service) {
  List parts;
  auto setting = service.overrides.begin();
  const auto end = service.arguments.size() - service.operands.size();
  for (std::size_t at = 0; at < end; ++at) {
    const std::string_view word = service.arguments[at];
    if (word == "--") {
      parts.emplace_back(word);
      continue;
    }
    // Letters up to one that takes a value, which is the rest of the word or the next one.
    const auto stop = std::min(word.find_first_of(kOptionsWithValue, 1), word.size());
    for (const char letter : word.substr(1, stop - 1)) parts.push_back(concat("-", letter));
    if (stop == word.size()) continue;
    const bool attached = stop + 1 < word.size();
    auto value = attached ? std::string(word.substr(stop + 1)) : service.arguments[at + 1];
    if (word[stop] == 'o') {
      value = concat(setting->first, "=", setting->second);
      ++setting;
    }
    parts.push_back(concat("-", word[stop], " ", quoted(value)));
    if (!attached) ++at;
  }
  for (const auto& word : service.operands) parts.push_back(quoted(word));
  return parts;
}

std::string columns(const Service& service) {
  std::string line;
  for (std::size_t i = 0; i < kFields; ++i) {
    line += service.fields[i];
    line.append(line.size() < kColumns[i + 1] ? kColumns[i + 1] - line.size() : 1, ' ');
  }
  return line + quoted(service.command);
}

}  // namespace

std::string one_line(const Service& service) {
  auto line = columns(service);
  for (const auto& part : canonical_arguments(service)) line += " " + part;
  return line;
}

std::string folded(const Service& service) {
  auto text = columns(service);
  auto width = text.size();
  bool after_setting = false;
  for (const auto& part : canonical_arguments(service)) {
    const bool is_setting = part.starts_with("-o ");
    const bool starts_line = is_setting || after_setting || width + 1 + part.size() > kWidth;
    if (starts_line && !part.starts_with('#')) {  // at the start of a line '#' would make a comment of it
      text += concat("\n", kIndent, part);
      width = kIndent.size() + part.size();
    } else {
      text += concat(" ", part);
      width += 1 + part.size();
    }
    after_setting = is_setting;
  }
  return text;
}

}  // namespace postern::config
