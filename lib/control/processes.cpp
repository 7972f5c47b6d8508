#include "lib/control/processes.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/text.h"

namespace postern::control {

bool wait_for_end(pid_t pid, Duration limit) {
  const auto process = Process::open(pid);
  return process ? process->ends_within(limit) : process.error().kind == Errc::not_found;
}

Result<Process> Process::open(pid_t pid) {
  Process process;
  process.pid_ = pid;
  process.fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (process.fd_) return process;
  if (errno == ESRCH) return fail(Errc::not_found, concat("process ", pid, " is not there"));
  return fail_errno(concat("watch process ", pid), errno);
}

bool Process::ends_within(Duration limit) const {
  pollfd question{fd_.get(), POLLIN, 0};
  const auto wait = std::chrono::duration_cast<milliseconds>(limit).count();
  return ::poll(&question, 1, static_cast<int>(wait)) == 1;
}

Result<void> Process::send_signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0) return {};
  if (errno == ESRCH) return fail(Errc::lost, concat("process ", pid_, " has ended"));
  return fail_errno(concat("signal process ", pid_), errno);
}

}  // namespace postern::control
