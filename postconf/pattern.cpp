#include "postconf/pattern.h"

#include <fnmatch.h>

#include <algorithm>

#include "lib/base/text.h"

namespace postern::postconf {

Glob::Glob(std::string_view text) : text_(text), wild_(text.find_first_of("*?") != text.npos) {
  // An address in brackets is no set of characters.
  for (const char c : text) pattern_ += c == '[' || c == '\\' ? concat('\\', c) : std::string(1, c);
}

bool Glob::fits(const std::string& name) const {
  if (!wild_ || text_ == "*") return wild_ || text_ == name;
  return ::fnmatch(pattern_.c_str(), name.c_str(), 0) == 0;
}

Result<Pattern> parse_pattern(std::string_view text, std::size_t least, std::size_t most,
                              std::string_view otherwise) {
  auto parts = split_fields(text, '/');
  // Several slashes are one, but not at the start.
  if (!parts.empty()) parts.erase(std::remove(parts.begin() + 1, parts.end(), ""), parts.end());
  bool good = parts.size() >= least && parts.size() <= most;
  for (const auto part : parts) good = good && !part.empty();
  if (!good) return fail(Errc::invalid, std::string(otherwise));
  const auto part = [&](std::size_t at) { return at < parts.size() ? parts[at] : std::string_view("*"); };
  // Names of options have a slash of their own: argument/user.
  const auto third = parts.size() > 3 ? concat(parts[2], "/", parts[3]) : std::string(part(2));
  return Pattern{std::string(text), Glob(part(0)), Glob(part(1)), Glob(third), false};
}

}  // namespace postern::postconf
