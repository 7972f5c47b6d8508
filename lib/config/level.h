// Compatibility levels: "3", "3.6" or "3.6.1", compared number by number, a missing one counting as 0.
#pragma once

#include <string_view>

#include "lib/base/result.h"

namespace postern::config {

// Negative, zero or positive, as the left one is lower, equal or higher. Fails with invalid:
// "bad compatibility level: "TEXT"".
Result<int> compare_levels(std::string_view left, std::string_view right);

}  // namespace postern::config
