#include "lib/daemon/watchdog.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "lib/base/log.h"

namespace postern::daemon {

namespace {

// The process is stuck and about to end: that the log is no place for a signal handler does not matter any
// more, and a second alarm, with its usual effect, ends it if the log is what it is stuck in.
void bark(int) {
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(1);
  log::write(Level::panic, "watchdog timeout");
  log::flush();
  std::abort();
}

}  // namespace

void set_watchdog(Duration limit) {
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  ::sigprocmask(SIG_UNBLOCK, &alarm_only, nullptr);
  ::signal(SIGALRM, bark);
  const auto whole = std::chrono::duration_cast<seconds>(limit).count();
  ::alarm(static_cast<unsigned>(std::max<seconds::rep>(1, whole)));
}

}  // namespace postern::daemon
