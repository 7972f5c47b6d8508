#include "lib/control/processes.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "lib/base/text.h"

namespace postern::control {

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = parse_number(entry.path().filename().string());
    const auto line = pid ? read_file(concat(entry.path().string(), "/stat"), 4096) : Result<std::string>();
    if (!pid || !line) continue;
    // "PID (name) S PPID …"; the name may hold anything, parentheses too.
    const auto behind = line->rfind(')');
    if (behind == std::string::npos) continue;
    const auto words = split_words(std::string_view(*line).substr(behind + 1));
    if (words.size() > 1 && parse_number(words[1]) == parent) found.push_back(static_cast<pid_t>(*pid));
  }
  return found;
}

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
