#include "deliver/common/commands.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "deliver/common/command_server.h"
#include "lib/base/log.h"

namespace postern::deliver {

namespace {

constexpr int kConnection = 3;
// What the process may take beyond the limit of a command: it kills what is late, and waits for its end.
constexpr Duration kMoreTime = seconds(30);
// For the end of the process when we have left it.
constexpr milliseconds kLastMoment = seconds(15);

// In the new process: leaves everything of ours behind but the connection.
void leave_behind(const Commands::Setup& setup, int connection) {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM})
    ::signal(number, SIG_IGN);  // the agent's end is ours
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  log::open({"", "", log::Target::descriptor, Fd(::dup(null))});
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::dup2(null, standard) < 0) ::_exit(EXIT_FAILURE);
  }
  if (::dup2(connection, kConnection) < 0 && connection != kConnection) ::_exit(EXIT_FAILURE);
  ::close_range(kConnection + 1, ~0U, 0);
  ::fcntl(kConnection, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_NAME, "commands");
  if (setup.chroot && ::geteuid() == 0 && (::chroot(".") != 0 || ::chdir("/") != 0)) ::_exit(EXIT_FAILURE);
}

}  // namespace

Result<std::unique_ptr<Commands>> Commands::start(net::Loop& loop, Setup setup) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno("socketpair", errno);
  }
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("start the process that starts commands", errno);
  if (pid == 0) {
    leave_behind(setup, theirs.get());
    serve_commands(Fd(kConnection), setup.host, setup.locks);
    ::_exit(EXIT_SUCCESS);
  }
  auto handle = handle_of(pid);
  if (!handle) return fail(handle.error());
  return std::unique_ptr<Commands>(new Commands(loop, std::move(ours), pid, std::move(*handle)));
}

Commands::Commands(net::Loop& loop, Fd connection, pid_t process, Fd handle)
    : loop_(loop), process_(process), handle_(std::move(handle)), scope_(loop) {
  connection_.emplace(loop, std::move(connection), ipc::Connection::Side::connected);
  scope_.spawn(receive());
}

Commands::~Commands() {
  scope_.cancel();
  connection_.reset();
  pollfd end{handle_.get(), POLLIN, 0};
  while (::poll(&end, 1, static_cast<int>(kLastMoment.count())) < 0 && errno == EINTR) {
  }
  while (::waitpid(process_, nullptr, WNOHANG) < 0 && errno == EINTR) {
  }
}

net::Task<void> Commands::receive() {
  for (;;) {
    auto frame = co_await connection_->receive(Deadline::max());  // who asks has a deadline
    if (!frame) break;
    const auto found = waiting_.find(frame->id);
    if (found == waiting_.end()) continue;
    const auto waiting = found->second;
    waiting_.erase(found);
    waiting->answer = ipc::decode_message<CommandEnded>(std::move(*frame));
    waiting->there = true;
    waiting->changed.notify();
  }
  all_lost("the process that starts commands is gone");
}

void Commands::all_lost(std::string_view why) {
  lost_ = why;
  log_fatal(lost_);
  for (const auto& [id, waiting] : waiting_) {
    waiting->answer = fail(Errc::lost, lost_);
    waiting->there = true;
    waiting->changed.notify();
  }
  waiting_.clear();
  ::raise(SIGTERM);  // who comes after us has another one
}

// Not for receive(). What the process has not read yet it must not do later.
void Commands::leave(std::string_view why) {
  if (!lost_.empty()) return;
  scope_.cancel();
  connection_.reset();
  all_lost(why);
}

net::Task<Result<CommandEnded>> Commands::run(RunCommand what) {
  if (!lost_.empty()) co_return fail(Errc::lost, lost_);
  const auto waiting = std::make_shared<Waiting>(loop_);
  const Deadline deadline = loop_.in(std::chrono::microseconds(what.limit) + kMoreTime);
  const std::uint64_t id = ++last_id_;
  waiting_.emplace(id, waiting);
  connection_->send(what, id);
  what.input.reset();
  while (!waiting->there) {
    const bool changed = co_await waiting->changed.wait(deadline);
    if (!changed) leave("the process that starts commands does not answer");
  }
  co_return std::move(waiting->answer);
}

}  // namespace postern::deliver
