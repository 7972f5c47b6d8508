// The text of a master.cf entry.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/service.h"
#include "lib/config/service_parts.h"

namespace postern::config {

namespace {

constexpr std::array<std::size_t, kFields + 1> kColumns{0, 11, 17, 25, 33, 41, 49, 57};
constexpr std::size_t kWidth = 80;  // a line is shorter
constexpr std::string_view kIndent = "    ";

}  // namespace

std::string quoted(const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\r\n\v\f{}") == word.npos) return word;
  const auto words = split_braced(word, kBlanks);
  const bool is_plain = words && words->size() == 1 && words->front() == word && !word.starts_with('{');
  return is_plain ? word : concat("{", word, "}");
}

namespace {

// In braces whenever it has blanks, as Postfix writes it, unless its own braces would end them.
std::string braced(const std::string& word) {
  if (word.find_first_of(kBlanks) == word.npos) return quoted(word);
  auto text = concat("{", word, "}");
  const auto words = braced_words(text, kBlanks);
  const bool is_one = words && words->size() == 1 && without_braces(words->front());
  return is_one ? text : quoted(word);
}

}  // namespace

List canonical_options(const Service& service) {
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
    const bool is_setting = stop < word.size() && word[stop] == 'o';
    const bool attached = stop + 1 < word.size();
    const bool takes_next = stop < word.size() && !attached;
    if (!is_setting) {
      parts.push_back(quoted(service.arguments[at]));
      if (takes_next) parts.push_back(quoted(service.arguments[at + 1]));
    } else {
      if (stop > 1) parts.emplace_back(word.substr(0, stop));
      parts.push_back(concat("-o ", braced(concat(setting->first, "=", setting->second))));
      ++setting;
    }
    if (takes_next) ++at;
  }
  return parts;
}

namespace {

List canonical_arguments(const Service& service) {
  auto parts = canonical_options(service);
  for (const auto& word : service.operands) {
    parts.push_back(&word == &service.operands.front() ? quoted(word) : braced(word));
  }
  return parts;
}

std::string columns(const Service& service) {
  std::string line;
  line.reserve(kColumns.back() + 64);
  for (std::size_t i = 0; i < kFields; ++i) {
    line += service.fields[i];
    line.resize(std::max(line.size() + 1, kColumns[i + 1]), ' ');
  }
  return line;
}

std::string joined(std::string text, const List& parts) {
  for (const auto& part : parts) text += " " + part;
  return text;
}

bool is_setting(std::string_view part) { return part.starts_with("-o "); }

}  // namespace

std::string command_line(const Service& service) {
  return joined(quoted(service.command), canonical_arguments(service));
}

std::string one_line(const Service& service) { return columns(service) + command_line(service); }

std::string folded_command(std::string start, const Service& service) {
  auto text = start + quoted(service.command);
  auto width = text.size();
  bool after_setting = false;
  for (const auto& part : canonical_arguments(service)) {
    // Postfix decides before it puts braces around a word.
    const auto size = part.starts_with('{') ? part.size() - 2 : part.size();
    const bool starts_line = is_setting(part) || after_setting || width + 1 + size >= kWidth;
    if (starts_line && !part.starts_with('#')) {  // at the start of a line '#' would make a comment of it
      text += concat("\n", kIndent, part);
      width = kIndent.size() + part.size();
    } else {
      text += concat(" ", part);
      width += 1 + part.size();
    }
    after_setting = is_setting(part);
  }
  return text;
}

std::string folded(const Service& service) { return folded_command(columns(service), service); }

Result<Service> with_field(const Service& service, Field which, std::string_view value) {
  const auto index = static_cast<std::size_t>(which);
  if (value.empty() || value.find_first_of(kBlanks) != value.npos) {
    return fail(Errc::invalid, concat("invalid ", kFieldNames[index], " field \"", shown(value), "\""));
  }
  auto changed = service;
  changed.fields.set(which, value);
  return parse_service(one_line(changed));
}

Result<Service> with_command(const Service& service, std::string_view text) {
  return parse_service(columns(service) + std::string(text));
}

Result<Service> with_parts(const Service& service, const List& options, const List& operands) {
  auto text = joined(columns(service) + quoted(service.command), options);
  for (const auto& word : operands) text += concat(" ", quoted(word));
  return parse_service(text);
}

Result<Service> with_override(const Service& service, std::string_view name, std::string_view value) {
  auto changed = service;
  bool found = false;
  for (auto& [known, old] : changed.overrides) {
    if (known != name) continue;
    old = value;
    found = true;
  }
  auto parts = canonical_options(changed);
  const auto end = std::find(parts.begin(), parts.end(), "--");
  if (!found) parts.insert(end, concat("-o ", quoted(concat(name, "=", value))));
  return with_parts(changed, parts, changed.operands);
}

Result<Service> without_override(const Service& service, std::string_view name) {
  List parts;
  auto setting = service.overrides.begin();
  for (auto& part : canonical_options(service)) {
    const bool goes = is_setting(part) && setting++->first == name;
    if (!goes) parts.push_back(std::move(part));
  }
  return with_parts(service, parts, service.operands);
}

}  // namespace postern::config
