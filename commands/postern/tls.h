// postern tls: keys and certificates, and main.cf to go with them.
#pragma once

#include "commands/postern/arguments.h"
#include "lib/base/result.h"

namespace postern::commands {

Result<int> tls(const Arguments& arguments);

}  // namespace postern::commands
