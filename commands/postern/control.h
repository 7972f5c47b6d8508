// The verbs that start, change and end a mail system, and the one that looks at its configuration.
#pragma once

#include "commands/postern/arguments.h"

namespace postern::commands {

// Each does what its name says for the configuration directory of the arguments and gives the exit status.
// Fails with a reason to be shown.
Result<int> start(const Arguments& arguments);
Result<int> start_in_foreground(const Arguments& arguments);
Result<int> stop(const Arguments& arguments);
Result<int> abort(const Arguments& arguments);
Result<int> reload(const Arguments& arguments);
Result<int> upgrade(const Arguments& arguments);
Result<int> check_configuration(const Arguments& arguments);

}  // namespace postern::commands
