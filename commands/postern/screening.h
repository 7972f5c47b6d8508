// postern screen: what the front door has seen, and what it cost. Now, from the scoreboard; of a period of the past, from
// the statistics in the cache's own file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands/postern/arguments.h"

namespace postern::commands {

Result<int> screening(const Arguments& arguments);

// Hours since 1970, both counted; from 0: all that there are.
struct Hours {
  std::int64_t first = 0, last = 0;
  bool operator==(const Hours&) const = default;
};

// What the words behind `screen` ask for.
struct ScreeningRequest {
  bool json = false;
  std::optional<Hours> period;      // nothing: what runs now
  std::optional<std::string> file;  // in place of that of postscreen_cache_map
  int networks = 10;
};

// `now`: seconds since 1970. Fails with invalid.
Result<ScreeningRequest> parse_screening(const std::vector<std::string>& words, std::int64_t now);

}  // namespace postern::commands
