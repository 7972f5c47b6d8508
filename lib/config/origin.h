// The domain of addresses without one.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/config/settings.h"

namespace postern::config {

// myorigin; one that begins with a slash names a file whose first line is the domain, as on Debian. Fails
// when that cannot be read or is empty.
Result<std::string> origin_of(const Settings& settings);

}  // namespace postern::config
