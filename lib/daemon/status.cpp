#include "lib/daemon/status.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "lib/net/readiness.h"
#include "lib/net/wait.h"

namespace postern::daemon {

namespace {

bool is_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

// Master shuts its side down to ask for leave; when it is gone, both directions are.
bool peer_is_gone(int fd) {
  pollfd question{fd, POLLIN, 0};
  return ::poll(&question, 1, 0) == 1 && (question.revents & (POLLHUP | POLLERR)) != 0;
}

// Hears what master has said. True when the channel is at its end.
bool at_end(int fd, const StatusChannel::Heard& heard) {
  std::array<char, 64> words;
  ssize_t got = 0;
  do {
    got = ::recv(fd, words.data(), words.size(), MSG_DONTWAIT);
    if (got > 0) heard(std::string_view(words.data(), static_cast<std::size_t>(got)));
  } while (got > 0 || (got < 0 && errno == EINTR));
  return got == 0 || errno != EAGAIN;
}

}  // namespace

StatusChannel::StatusChannel(int fd, std::uint32_t generation) : generation_(generation) {
  if (is_socket(fd)) fd_ = Fd(fd);
}

void StatusChannel::send(State state, std::string_view text) {
  if (!fd_) return;
  const Status status{static_cast<std::uint32_t>(::getpid()), generation_, state};
  std::array<char, sizeof status + kLastWords> message;
  text = text.substr(0, kLastWords);
  std::memcpy(message.data(), &status, sizeof status);
  text.copy(message.data() + sizeof status, text.size());
  // A full channel means a master that has not looked for hundreds of changes: it will learn the last one.
  if (::send(fd_.get(), message.data(), sizeof status + text.size(), MSG_NOSIGNAL) >= 0) told_ = state;
}

void StatusChannel::report(State state) {
  if (state != told_) send(state, {});
}

void StatusChannel::last_words(std::string_view text) { send(State::leaving, text); }

net::Task<StatusChannel::End> StatusChannel::ended(net::Loop& loop, Heard heard) {
  if (!fd_) {
    co_await net::sleep_until(loop, Deadline::max());  // started by hand: nobody to wait for
  }
  net::Readiness readiness(loop, fd_.get());
  while (!at_end(fd_.get(), heard)) {
    const bool came = co_await readiness.readable(Deadline::max());  // as long as master lives
    if (!came) continue;
  }
  co_return peer_is_gone(fd_.get()) ? End::master_gone : End::reload;
}

}  // namespace postern::daemon
