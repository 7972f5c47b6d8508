// Typed values of parameters. What a value may look like; who names the parameter in an error is the caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/words.h"

namespace postern::config {

using Seconds = std::chrono::seconds;

// "yes" or "no", in either case.
Result<bool> parse_bool(std::string_view text);

// A decimal number with an optional sign; no unit.
Result<std::int64_t> parse_int(std::string_view text);

// A number and an optional unit s, m, h, d or w; without one the number counts `unit`s; what follows the unit is
// not read. Not negative, and at most 2^31 - 1 seconds.
Result<Seconds> parse_seconds(std::string_view text, char unit = 's');

// The number of seconds in that unit; 0 when there is no such unit.
std::int64_t seconds_in(char unit);

}  // namespace postern::config
