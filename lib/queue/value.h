// The values of a condition: sizes, durations, dates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::queue {

// "20", "10k", "1M", "2G", also with a B behind: bytes, where k is 1024.
std::optional<std::int64_t> parse_size(std::string_view text);

// "90", "5m", "1h30m": microseconds. Units are s m h d w; a number without one counts seconds.
std::optional<std::int64_t> parse_duration(std::string_view text);

// A time span that a date names: 2026-11-23 is a day, 2026-11-23T04:05 a minute.
struct Span {
  std::int64_t begin = 0, end = 0;  // wall microseconds; the end is not part of it
};

// "2026-11-23", with "T04:05" or "T04:05:06" (or a blank in place of the T), in local time or with Z in UTC; today,
// yesterday, now; or seconds since 1970.
std::optional<Span> parse_date(std::string_view text, std::int64_t now);

}  // namespace postern::queue
