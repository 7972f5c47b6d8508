// The ports that inet services of master.cf name.
#pragma once

#include <string>

#include "lib/base/result.h"

namespace postern::config {

// A port number from 1 on, or the name of one. Fails with not_found or invalid.
Result<unsigned> port_number(const std::string& port);

}  // namespace postern::config
