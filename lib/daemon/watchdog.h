// Ends a process whose loop hangs.
#pragma once

#include "lib/base/time.h"

namespace postern::daemon {

// Unless it is set again in time, the process logs "watchdog timeout" and aborts. At least one second.
void set_watchdog(Duration limit);

}  // namespace postern::daemon
