#include "deliver/common/command_server.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "deliver/common/commands.h"
#include "deliver/common/file_delivery.h"
#include "lib/base/exec.h"
#include "lib/base/text.h"
#include "lib/ipc/server.h"
#include "lib/net/readiness.h"
#include "lib/net/scope.h"

namespace postern::deliver {

namespace {

constexpr std::size_t kLongestReason = 500;
// For the end of processes that were killed.
constexpr Duration kLastMoment = seconds(10);
constexpr int kMoment = 1000;  // milliseconds, when nothing more is served

Result<void> become(const RunCommand& what) {
  if (::geteuid() != 0) return {};
  const auto uid = static_cast<uid_t>(what.uid);
  const auto gid = static_cast<gid_t>(what.gid);
  if (uid == 0 || gid == 0) return fail(Errc::denied, "commands are never run as root");
  if (::setgroups(1, &gid) != 0 || ::setresgid(gid, gid, gid) != 0) return fail_errno("setgid", errno);
  if (::setresuid(uid, uid, uid) != 0) return fail_errno("setuid", errno);
  if (::setuid(0) == 0 || ::getuid() != uid) return fail(Errc::denied, "could become root again");
  return {};
}

Result<void> enter(const RunCommand& what, int output, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  if (::setsid() < 0) return fail_errno("setsid", errno);
  if (::dup2(what.input.get(), STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
      ::dup2(output, STDERR_FILENO) < 0) {
    return fail_errno("dup2", errno);
  }
  if (!what.chroot.empty() && (::chroot(what.chroot.c_str()) != 0 || ::chdir("/") != 0)) {
    return fail_errno(concat("chroot ", what.chroot), errno);
  }
  auto became = become(what);
  if (!became) return became;
  // With the command's own rights: it shall not be where it could not go.
  if (!what.directory.empty() && ::chdir(what.directory.c_str()) != 0) {
    return fail_errno(concat("cannot change directory to ", what.directory), errno);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // behind the change of user, which would undo it
  if (::getppid() != parent) ::_exit(EXIT_FAILURE);
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  ::umask(077);
  return {};
}

Error execute(const RunCommand& what) {
  std::vector<char*> environment = pointers_to(what.environment);
  environ = environment.data();  // where execvp looks for PATH
  const std::vector<char*> words = pointers_to(what.words);
  if (!what.words.empty()) ::execvp(words.front(), words.data());
  const int number = what.words.empty() ? ENOENT : errno;
  if (!what.shell_command.empty() && (number == ENOENT || number == ENOEXEC)) {
    const std::vector<std::string> shell = {"/bin/sh", "-c", what.shell_command};
    ::execv(shell.front().c_str(), pointers_to(shell).data());
  }
  return fail_errno(concat("execvp ", what.words.empty() ? "/bin/sh" : what.words.front()), number).value();
}

// What a process that has ended could not do before it became the command.
std::string failure_from(int fd) {
  std::array<char, kLongestReason> text;
  ssize_t got = 0;
  do {
    got = ::read(fd, text.data(), text.size());
  } while (got < 0 && errno == EINTR);
  return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

// In the new process.
[[noreturn]] void turn_into(const RunCommand& what, const std::string& host, const LockRules& locks,
                            int output, const Fd& trouble, pid_t parent) {
  auto entered = enter(what, output, parent);
  if (entered && !what.file.empty()) ::_exit(deliver_to_file(what, host, locks));
  std::string reason = (entered ? execute(what) : entered.error()).text.substr(0, kLongestReason);
  if (!what.file.empty()) {
    ::dup2(output, trouble.get());
    reason.insert(0, "4.3.0 ");
  }
  const ssize_t told = ::write(trouble.get(), reason.data(), reason.size());
  ::_exit(told < 0 ? EXIT_FAILURE : 127);
}

net::Task<CommandEnded> run(net::Loop& loop, RunCommand what, const std::string& host,
                            const LockRules& locks) {
  auto command = RunningCommand::start(what, host, locks);
  if (!command) {
    CommandEnded ended;
    ended.output = command.error().text;
    co_return ended;
  }
  what.input.reset();
  const Deadline deadline = loop.in(std::chrono::microseconds(what.limit));
  co_return co_await command->end(loop, deadline);
}

net::Task<void> serve_until_gone(net::Loop& loop, Fd connection, const ipc::Handlers& handlers) {
  co_await ipc::serve(loop, std::move(connection), handlers);
  loop.stop();
}

}  // namespace

void serve_commands(Fd connection, const std::string& host, const LockRules& locks) {
  net::Loop loop;
  ipc::Handlers handlers;
  handlers.on<RunCommandCall>([&](RunCommand what) { return run(loop, std::move(what), host, locks); });
  net::Scope scope(loop);
  scope.spawn(serve_until_gone(loop, std::move(connection), handlers));
  loop.run();
}

Result<Fd> handle_of(pid_t pid) {
  Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!handle) return fail_errno("pidfd_open", errno);
  return handle;
}

Result<RunningCommand> RunningCommand::start(const RunCommand& what, const std::string& host,
                                             const LockRules& locks) {
  int output[2];
  int trouble[2];
  if (::pipe2(output, O_CLOEXEC) != 0) return fail_errno("create a pipe", errno);
  Fd ours(output[0]);
  Fd theirs(output[1]);
  if (::pipe2(trouble, O_CLOEXEC) != 0) return fail_errno("create a pipe", errno);
  Fd told(trouble[0]);
  Fd tell(trouble[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("start a process", errno);
  if (pid == 0) turn_into(what, host, locks, theirs.get(), tell, parent);
  theirs.reset();
  tell.reset();
  if (!what.file.empty()) told.reset();
  RunningCommand command(pid, Fd(), std::move(ours), std::move(told));
  auto handle = handle_of(pid);
  if (!handle) return fail(handle.error());
  auto waits_not = set_nonblocking(command.output_.get());
  if (!waits_not) return fail(waits_not.error());
  command.handle_ = std::move(*handle);
  return command;
}

RunningCommand::~RunningCommand() {
  if (pid_ == 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // before it had a group
  pollfd end{handle_.get(), POLLIN, 0};
  while (::poll(&end, 1, kMoment) < 0 && errno == EINTR) {
  }
  while (::waitpid(pid_, nullptr, WNOHANG) < 0 && errno == EINTR) {
  }
}

// Whatever is there; what is more than is kept is read too, so that nobody waits for room. False at its end.
bool RunningCommand::take_output(std::string& text) {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0;
    text.append(buffer.data(), std::min(static_cast<std::size_t>(got), kMostOutput - text.size()));
  }
}

net::Task<void> RunningCommand::listen(net::Loop& loop, std::string& text) {
  net::Readiness readiness(loop, output_.get());
  while (take_output(text)) {
    const bool ready = co_await readiness.readable(Deadline::max());  // end() destroys us in time
    if (!ready) co_return;
  }
}

net::Task<CommandEnded> RunningCommand::end(net::Loop& loop, Deadline deadline) {
  CommandEnded ended;
  net::Readiness readiness(loop, handle_.get());
  bool in_time = false;
  {
    net::Scope scope(loop);
    scope.spawn(listen(loop, ended.output));
    in_time = co_await readiness.readable(deadline);
    if (!in_time) {
      ::kill(-pid_, SIGKILL);
      const bool gone = co_await readiness.readable(loop.in(kLastMoment));
      if (!gone) ::kill(pid_, SIGKILL);
    }
  }
  take_output(ended.output);
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) pid_ = 0;
  const std::string failure = pid_ == 0 && trouble_ ? failure_from(trouble_.get()) : std::string();
  if (!failure.empty()) {
    ended.output = failure;
    co_return ended;
  }
  ended.how = CommandEnding::time_out;
  if (in_time) ended.how = WIFSIGNALED(status) ? CommandEnding::signaled : CommandEnding::exited;
  ended.number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  co_return ended;
}

}  // namespace postern::deliver
