// Starting a master, and ending one.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace postern::commands {

// What becomes of the master when we end.
enum class Bond { none, ends_with_us };

// Starts PROGRAM -c DIRECTORY in a session of its own and waits until every service listens. Fails with the
// reason that master gives; then it has ended and was waited for.
Result<pid_t> start_master(const std::string& program, const std::string& directory, Bond bond);

// Asks master to end and waits until it and its children are gone; what is left after kPatience is killed.
// Fails with denied when it is not ours to end.
Result<void> stop_master(pid_t master);

// Kills master and its children, and waits for their end.
Result<void> abort_master(pid_t master);

}  // namespace postern::commands
