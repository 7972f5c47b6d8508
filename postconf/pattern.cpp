#include "postconf/pattern.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::postconf {

Result<Pattern> parse_pattern(std::string_view text, std::size_t least, std::size_t most,
                              std::string_view otherwise) {
  auto parts = split_fields(text, '/');
  // Several slashes are one, but not at the start.
  if (!parts.empty()) parts.erase(std::remove(parts.begin() + 1, parts.end(), ""), parts.end());
  bool good = parts.size() >= least && parts.size() <= most;
  for (const auto part : parts) {
    good = good && !part.empty() && (part == "*" || part.find('*') == part.npos);
  }
  if (!good) return fail(Errc::invalid, std::string(otherwise));
  const auto part = [&](std::size_t at) {
    return at < parts.size() ? std::string(parts[at]) : std::string("*");
  };
  return Pattern{std::string(text), part(0), part(1), part(2), false};
}

}  // namespace postern::postconf
