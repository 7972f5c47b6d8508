// postern trace ID: the story of one message, from the log and the queue.
#pragma once

#include "commands/postern/arguments.h"

namespace postern::commands {

Result<int> trace(const Arguments& arguments);

}  // namespace postern::commands
