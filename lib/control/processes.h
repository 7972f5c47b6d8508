// Watching and signalling processes that are not our children.
#pragma once

#include <sys/types.h>

#include "lib/base/fd.h"
#include "lib/base/time.h"

namespace postern::control {

// Waits until the process is gone: true, or the time is over: false. It need not be our child.
bool wait_for_end(pid_t pid, Duration limit);

// One process and no later one of the same id.
class Process {
 public:
  // Fails with not_found when there is none.
  static Result<Process> open(pid_t pid);
  pid_t pid() const { return pid_; }
  // True as soon as it has ended; false when it lives on for that time.
  bool ends_within(Duration limit) const;
  // Fails with lost when it has ended, denied when it is not ours to signal.
  Result<void> send_signal(int number) const;

 private:
  pid_t pid_ = -1;
  Fd fd_;
};

}  // namespace postern::control
