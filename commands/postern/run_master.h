// Starting a master, and ending one.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/control/mail_system.h"

namespace postern::commands {

// What becomes of the master when we end.
enum class Bond { none, ends_with_us };

// Starts PROGRAM -c DIRECTORY in a session of its own and waits until every service listens. Fails with the
// reason that master gives; then it has ended and was waited for.
Result<pid_t> start_master(const std::string& program, const std::string& directory, Bond bond);

// Asks master to end and waits until it and its children are gone; a master that does not end, although it kills children
// that take too long, is killed with all below it. Fails with denied when it is not ours to end.
Result<void> stop_master(pid_t master);

// Makes master kill its children, and theirs, and end; does so itself, and removes the files that show a mail system, when
// master does not. Fails with denied when it is not ours to end.
Result<void> abort_master(const control::MailSystem& system, pid_t master);

}  // namespace postern::commands
