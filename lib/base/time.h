// Time. Deadlines are points on the steady clock; dates and delays in mail and logs are wall time in
// microseconds since 1970.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace postern {

using Instant = std::chrono::steady_clock::time_point;
// An absolute limit for a whole request. No limit is Deadline::max().
using Deadline = Instant;
using Duration = std::chrono::steady_clock::duration;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Wall time in microseconds since 1970-01-01T00:00:00Z.
std::int64_t wall_micros();
// The same in whole seconds.
inline std::int64_t wall_seconds() { return wall_micros() / 1'000'000; }

// A delay in the log: at most two significant digits and two decimals, as in `delay=0.02`, `1.2`, `35`.
std::string format_delay(std::int64_t micros);

}  // namespace postern
