// Dates as mail writes them (RFC 5322 3.3), in the local time zone.
#pragma once

#include <cstdint>
#include <string>

namespace postern::mail {

// "Mon, 23 Nov 2026 04:05:06 +0000 (UTC)": as Date and Received have it. The day of the month is padded with
// a blank. Takes wall time in microseconds since 1970. The comment with the zone's name is left out when the
// name is not plain letters, digits and signs.
std::string format_date(std::int64_t wall);

// The present time.
std::string format_date();

}  // namespace postern::mail
