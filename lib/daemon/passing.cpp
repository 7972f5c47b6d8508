#include "lib/daemon/passing.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "lib/base/text.h"
#include "lib/daemon/contract.h"
#include "lib/net/readiness.h"

namespace postern::daemon {

namespace {

constexpr std::size_t kLongestMessage = 64;

struct Message {
  std::array<char, kLongestMessage> bytes{};
  ssize_t size = -1;
  int error = 0;
  std::vector<Fd> descriptors;
};

Message take_message(int connection) {
  Message message;
  message.size =
      net::receive_with(connection, message.bytes.data(), message.bytes.size(), message.descriptors);
  if (message.size < 0) message.error = errno;
  return message;
}

bool is_stream_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

Result<Passed> session_of(Fd fd) {
  if (!is_stream_socket(fd.get())) return fail(Errc::invalid, "the descriptor is no stream socket");
  net::Accepted session;
  session.peer = net::peer_endpoint(fd.get());
  // Also of a client that has gone in the meantime.
  if (session.peer.length == 0) return fail(Errc::invalid, "the socket is not connected");
  auto set = set_nonblocking(fd.get());
  if (!set) return fail(set.error());
  session.fd = std::move(fd);
  return Passed{std::move(session)};
}

Result<Passed> meaning_of(Message message) {
  if (message.size < 0 && message.error == EMFILE) {
    return fail(Errc::invalid, "too many descriptors at once, or no more can be opened");
  }
  if (message.size < 0) return fail_errno("receive a descriptor", message.error);
  if (message.size == 0) return fail(Errc::lost, "closed before a session was handed over");
  const std::size_t count = message.descriptors.size();
  const char kind = message.bytes[0];
  if (message.size == 1 && kind == kWakeup && count == 0) return Passed{};
  if (count != 1) return fail(Errc::invalid, concat(count, " descriptors instead of one"));
  if (message.size != 1 || kind != kPassedSession) {
    const std::string_view bytes(message.bytes.data(), static_cast<std::size_t>(message.size));
    return fail(Errc::invalid, concat("unknown kind of session: \"", escaped(bytes), "\""));
  }
  return session_of(std::move(message.descriptors.front()));
}

}  // namespace

net::Task<Result<Passed>> receive_passed(net::Loop& loop, Fd connection) {
  net::Readiness readiness(loop, connection.get());
  const Deadline deadline = loop.in(kPassLimit);
  for (;;) {
    Message message = take_message(connection.get());
    if (message.size >= 0 || message.error != EAGAIN) {
      co_return meaning_of(std::move(message));
    }
    const bool came = co_await readiness.readable(deadline);
    if (!came) co_return fail(Errc::timeout, "no session was handed over in time");
  }
}

}  // namespace postern::daemon
