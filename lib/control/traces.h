// What a master leaves behind that was killed.
#pragma once

#include "lib/base/result.h"
#include "lib/control/mail_system.h"

namespace postern::control {

// Removes the sockets of the services of master.cf, the link to the scoreboard, and the process id file. Files that others
// keep beside them stay. Does nothing while a master runs. Fails with denied.
Result<void> remove_traces(const MailSystem& system);

}  // namespace postern::control
