// postern sandbox: a private mail system for as long as this command runs.
#pragma once

#include "commands/postern/arguments.h"

namespace postern::commands {

Result<int> sandbox(const Arguments& arguments);

}  // namespace postern::commands
