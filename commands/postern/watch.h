// postern status --watch: a running system again and again.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace postern::commands {

struct Watch {
  std::string directory;  // of the configuration
  Duration interval = seconds(1);
  bool json = false;
};

// On a terminal until somebody ends it; otherwise one block after the other, or one line of JSON, until a signal ends the
// program. While no master runs it says so. Fails when the configuration cannot be read at the start, or nothing can be
// written. The exit status.
Result<int> watch(const Watch& watch);

}  // namespace postern::commands
