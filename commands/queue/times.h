// Times for a person.
#pragma once

#include <cstdint>
#include <string>

namespace postern::commands {

// "45s", "12m", "3h05m", "2d4h" of microseconds.
std::string age_text(std::int64_t micros);
// "2026-11-23 04:05:06" in local time.
std::string date_text(std::int64_t wall);

}  // namespace postern::commands
