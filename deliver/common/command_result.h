// What the end of a command means for the delivery.
#pragma once

#include <string>
#include <string_view>

#include "deliver/common/outcome.h"
#include "deliver/common/run_command.h"

namespace postern::deliver {

// The outcome of a command that is shown as `command`. A success has the output as its text, cleaned; the caller says what
// was done. A failure is what the output says, if it begins with a status code ("5.7.1 Not here"); otherwise what the exit
// status means (sysexits.h). A command that was killed by a signal is tried again, one that took too long is not.
Outcome command_outcome(const CommandEnded& ended, std::string_view command);

// Output as it may stand in a log line: one line, no control characters, no blanks at its ends.
std::string one_line(std::string_view output);

}  // namespace postern::deliver
