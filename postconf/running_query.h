// postconf -R: the system that runs, as pairs of a name and a value.
#pragma once

#include "postconf/arguments.h"
#include "postconf/output.h"

namespace postern::postconf {

// Shows the pairs that the words name; without words all. A word is SERVICE[/TYPE[/NAME]], SERVICE/TYPE/PID[/NAME] or
// master/process[/NAME], where each part may have "*" and "?"; what ends early stands for all below. Fails with not_found
// when no mail system runs (`missing` is set then), and as control::look otherwise.
Result<void> show_running(const Request& request, Output& output);

}  // namespace postern::postconf
