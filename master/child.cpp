#include "master/child.h"

#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/readiness.h"

namespace postern::master {

using daemon::State;
using daemon::Status;

Child::Child(net::Loop& loop, pid_t pid, unsigned slot, std::uint32_t generation, Fd status)
    : loop_(loop),
      pid_(pid),
      slot_(slot),
      generation_(generation),
      status_(std::move(status)),
      tasks_(loop) {}

void Child::listen(std::function<void()> changed) {
  changed_ = std::move(changed);
  tasks_.spawn(follow());
}

void Child::ask_to_leave() {
  if (told_) return;
  told_ = true;
  ::shutdown(status_.get(), SHUT_WR);
}

void Child::send_signal(int number) const { ::kill(pid_, number); }

bool Child::take(std::string_view record) {
  Status status;
  if (record.size() < sizeof status) return false;
  std::memcpy(&status, record.data(), sizeof status);
  const bool known = status.state >= State::available && status.state <= State::leaving;
  if (!known || status.pid != static_cast<std::uint32_t>(pid_) || status.generation != generation_) {
    log_warning(concat("process ", pid_, ": status record of process ", status.pid, ", generation ",
                       status.generation, " ignored"));
    return false;
  }
  last_words_ = printable(record.substr(sizeof status), daemon::kLastWords);
  was_available_ = was_available_ || status.state != State::leaving;
  const bool changed = state_ != status.state;
  state_ = status.state;
  return changed;
}

bool Child::catch_up() {
  std::array<char, sizeof(Status) + daemon::kLastWords> record;
  bool changed = false;
  for (;;) {
    const ssize_t got = ::recv(status_.get(), record.data(), record.size(), MSG_DONTWAIT);
    if (got > 0) {
      changed |= take(std::string_view(record.data(), static_cast<std::size_t>(got)));
    } else if (got == 0 || errno != EINTR) {
      channel_ended_ = got == 0 || errno != EAGAIN;
      return changed;
    }
  }
}

net::Task<void> Child::follow() {
  net::Readiness readiness(loop_, status_.get());
  for (;;) {
    if (catch_up()) changed_();
    if (channel_ended_) co_return;
    const bool came = co_await readiness.readable(Deadline::max());  // as long as the child lives
    if (!came) continue;
  }
}

}  // namespace postern::master
