#include "lib/daemon/command.h"

#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "lib/base/exec.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::daemon {

namespace {

constexpr int kNotStarted = 127;
constexpr std::size_t kLongestReason = 500;

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the new process; returns only when something failed.
Error turn_into(const CommandPlan& plan, pid_t parent) {
  reset_signals();
  if (::setsid() < 0) return fail_errno("setsid", errno).value();
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::dup2(plan.connection, standard) < 0) return fail_errno("dup2", errno).value();
  }
  if (plan.identity != nullptr) {
    auto changed = become(*plan.identity);
    if (!changed) return changed.error();
  }
  // Behind the change of user, which would undo it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotStarted);
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  const std::vector<char*> words = pointers_to(plan.words);
  std::vector<char*> environment = pointers_to(plan.environment);
  environ = environment.data();  // where execvp looks for PATH
  ::execvp(words.front(), words.data());
  return fail_errno("start it", errno).value();
}

// What turn_into() could not do, from the other process: nothing once the command runs.
std::string failure_from(int fd) {
  std::array<char, kLongestReason> text;
  ssize_t got = 0;
  do {
    got = ::read(fd, text.data(), text.size());
  } while (got < 0 && errno == EINTR);
  return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

}  // namespace

std::vector<std::string> exported_environment(const std::vector<std::string>& names) {
  std::vector<std::string> environment = chosen_environment(names);
  const bool has_path = std::any_of(environment.begin(), environment.end(),
                                    [](const std::string& pair) { return pair.rfind("PATH=", 0) == 0; });
  if (!has_path) environment.push_back(concat("PATH=", _PATH_DEFPATH));
  return environment;
}

Result<Command> Command::start(const CommandPlan& plan) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("create a pipe", errno);
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  auto blocking = set_nonblocking(plan.connection, false);
  if (!blocking) return fail(blocking.error());
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("start a process", errno);
  if (pid == 0) {
    const std::string reason = turn_into(plan, parent).text.substr(0, kLongestReason);
    const ssize_t told = ::write(theirs.get(), reason.data(), reason.size());
    ::_exit(told < 0 ? EXIT_FAILURE : kNotStarted);
  }
  theirs.reset();
  Command command(pid);
  const std::string failure = failure_from(ours.get());
  if (failure.empty()) return command;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  command.pid_ = 0;
  return fail(Errc::io, failure);
}

Command::~Command() {
  if (pid_ == 0 || ended()) return;
  send_signal(SIGKILL);
  // Its end is not waited for: we are leaving ourselves, and who comes after us buries it.
}

std::optional<int> Command::ended() {
  int status = 0;
  if (!status_ && pid_ != 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

void Command::send_signal(int number) const {
  if (pid_ != 0 && !status_) ::kill(-pid_, number);
}

}  // namespace postern::daemon
