#include "lib/queue/value.h"

#include <ctime>
#include <limits>
#include <string>

#include "lib/base/text.h"

namespace postern::queue {

namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> times(std::optional<std::int64_t> number, std::int64_t factor) {
  if (!number || *number > kMost / factor) return std::nullopt;
  return *number * factor;
}

std::int64_t seconds_of(char unit) {
  switch (to_lower(unit)) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    case 'w': return 7 * 86400;
    default: return 0;
  }
}

// Takes as many digits as told, and nothing else.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  const auto number = parse_number(text.substr(0, count));
  if (!number || !is_digit(text.front())) return std::nullopt;
  text.remove_prefix(count);
  return static_cast<int>(*number);
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

struct Clock {
  std::tm time{};
  std::int64_t precision = 86400;  // seconds
};

bool take_time(std::string_view& text, Clock& clock) {
  const auto hour = take_digits(text, 2);
  const bool colon = take(text, ':');
  const auto minute = take_digits(text, 2);
  if (!hour || !colon || !minute || *hour > 23 || *minute > 59) return false;
  clock.time.tm_hour = *hour;
  clock.time.tm_min = *minute;
  clock.precision = 60;
  if (!take(text, ':')) return true;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return false;
  clock.time.tm_sec = *second;
  clock.precision = 1;
  return true;
}

std::optional<Clock> take_clock(std::string_view& text) {
  Clock clock;
  const auto year = take_digits(text, 4);
  const bool first = take(text, '-');
  const auto month = take_digits(text, 2);
  const bool second = take(text, '-');
  const auto day = take_digits(text, 2);
  const bool good = year && month && day && first && second;
  if (!good || *year < 1970 || *month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
  clock.time.tm_year = *year - 1900;
  clock.time.tm_mon = *month - 1;
  clock.time.tm_mday = *day;
  clock.time.tm_isdst = -1;
  if ((take(text, 'T') || take(text, ' ')) && !take_time(text, clock)) return std::nullopt;
  return clock;
}

// A day in local time, which need not have 24 hours.
Span day_of(std::tm day) {
  day.tm_hour = day.tm_min = day.tm_sec = 0;
  day.tm_isdst = -1;
  std::tm next = day;
  ++next.tm_mday;
  return {std::mktime(&day) * kMicros, std::mktime(&next) * kMicros};
}

std::optional<Span> named_date(std::string_view text, std::int64_t now) {
  const std::time_t moment = now / kMicros;
  std::tm day{};
  ::localtime_r(&moment, &day);
  if (iequals(text, "today")) return day_of(day);
  if (iequals(text, "yesterday")) {
    --day.tm_mday;
    return day_of(day);
  }
  if (iequals(text, "now")) return Span{now, now + 1};
  const auto begin = times(parse_number(text), kMicros);
  if (!begin || *begin > kMost - kMicros) return std::nullopt;
  return Span{*begin, *begin + kMicros};
}

}  // namespace

std::optional<std::int64_t> parse_size(std::string_view text) {
  if (text.size() > 1 && to_lower(text.back()) == 'b') text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  const auto unit = std::string_view("kmg").find(to_lower(text.back()));
  if (unit == std::string_view::npos) return parse_number(text);
  text.remove_suffix(1);
  return times(parse_number(text), std::int64_t{1024} << (10 * unit));
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    const bool has_unit = digits < text.size();
    const std::int64_t unit = has_unit ? seconds_of(text[digits]) : sum == 0 ? 1 : 0;
    if (unit == 0) return std::nullopt;
    const auto part = times(parse_number(text.substr(0, digits)), unit * kMicros);
    if (!part || *part > kMost - sum) return std::nullopt;
    sum += *part;
    text.remove_prefix(digits + (has_unit ? 1 : 0));
  }
  return sum;
}

std::optional<Span> parse_date(std::string_view text, std::int64_t now) {
  std::string_view rest = text;
  auto clock = take_clock(rest);
  if (!clock) return named_date(text, now);
  const bool utc = take(rest, 'Z');
  if (!rest.empty()) return std::nullopt;
  if (clock->precision == 86400 && !utc) return day_of(clock->time);
  const std::time_t begin = utc ? ::timegm(&clock->time) : std::mktime(&clock->time);
  return Span{begin * kMicros, (begin + clock->precision) * kMicros};
}

}  // namespace postern::queue
