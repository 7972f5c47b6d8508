#include "lib/mail/date.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "lib/base/text.h"
#include "lib/base/time.h"

namespace postern::mail {

namespace {

constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The zone's name comes from TZ, which anybody may have set: a parenthesis in it would break the comment.
std::string zone_comment(const char* name) {
  const std::string_view zone = name ? name : "";
  const bool plain =
      std::all_of(zone.begin(), zone.end(), [](char c) { return is_alnum(c) || c == '+' || c == '-'; });
  return zone.empty() || zone.size() > 32 || !plain ? "" : concat(" (", zone, ')');
}

}  // namespace

std::string format_date(std::int64_t wall) {
  const std::int64_t whole = wall / 1'000'000 - (wall % 1'000'000 < 0);
  const std::time_t time = whole;
  std::tm local{};
  if (!localtime_r(&time, &local)) return format_date(0);
  const long minutes = std::labs(local.tm_gmtoff) / 60;
  char out[96];
  std::snprintf(out, sizeof out, "%s, %2d %s %04d %02d:%02d:%02d %c%02ld%02ld", kDays[local.tm_wday],
                local.tm_mday, kMonths[local.tm_mon], local.tm_year + 1900, local.tm_hour, local.tm_min,
                local.tm_sec, local.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return out + zone_comment(local.tm_zone);
}

std::string format_date() { return format_date(wall_micros()); }

}  // namespace postern::mail
