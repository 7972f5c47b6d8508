#include "lib/config/values.h"

#include <algorithm>
#include <limits>

#include "lib/base/text.h"

namespace postern::config {

namespace {
constexpr std::int64_t kLongestTime = std::numeric_limits<std::int32_t>::max();
}

Result<bool> parse_bool(std::string_view text) {
  if (iequals(text, "yes")) return true;
  if (iequals(text, "no")) return false;
  return fail(Errc::invalid, "neither yes nor no");
}

Result<std::int64_t> parse_int(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto number = parse_number(text.substr(negative || text.starts_with('+') ? 1 : 0));
  if (!number) return fail(Errc::invalid, "not a number");
  return negative ? -*number : *number;
}

std::int64_t seconds_in(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 60 * 60;
    case 'd': return 24 * 60 * 60;
    case 'w': return 7 * 24 * 60 * 60;
    default: return 0;
  }
}

// Postfix reads no further than the unit, and its own defaults rely on it: "${postscreen_dnsbl_ttl?…}h".
Result<Seconds> parse_seconds(std::string_view text, char unit) {
  const auto end = std::find_if(text.begin(), text.end(), is_alpha);
  if (end != text.end()) {
    unit = to_lower(*end);
    text = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  }
  const auto number = parse_number(text);
  const auto factor = seconds_in(unit);
  if (!number || factor == 0) return fail(Errc::invalid, "bad time value or unit");
  if (*number > kLongestTime / factor) return fail(Errc::too_long, "time value is too large");
  return Seconds(*number * factor);
}

}  // namespace postern::config
