#include "lib/daemon/passing.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "lib/base/text.h"
#include "lib/daemon/contract.h"
#include "lib/ipc/frame.h"
#include "lib/net/readiness.h"

namespace postern::daemon {

namespace {

constexpr std::size_t kShown = 64;  // bytes of a message of no meaning, in the log

bool is_stream_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

Result<net::Accepted> session_of(Fd fd) {
  if (!is_stream_socket(fd.get())) return fail(Errc::invalid, "the descriptor is no stream socket");
  net::Accepted session;
  session.peer = net::peer_endpoint(fd.get());
  // Also of a client that has gone in the meantime.
  if (session.peer.length == 0) return fail(Errc::invalid, "the socket is not connected");
  auto set = set_nonblocking(fd.get());
  if (!set) return fail(set.error());
  session.fd = std::move(fd);
  return session;
}

// What a correct sender cannot have meant.
Result<void> check(const ipc::HandedOver& state) {
  if (state.said.size() > ipc::HandedOver::kMostSaid) {
    return fail(Errc::too_long, concat(state.said.size(), " commands that were said"));
  }
  const bool whole = std::none_of(state.said.begin(), state.said.end(), [](const std::string& line) {
    return line.find('\n') != std::string::npos;
  });
  if (!whole) return fail(Errc::invalid, "a command that was said is more than a line");
  if (state.heard != ipc::Heard::greeting && !state.said.empty()) {
    return fail(Errc::invalid, "commands were said before the greeting");
  }
  return {};
}

Result<Passed> begun_session(ipc::Frame frame) {
  auto decoded = ipc::decode_message<ipc::HandedOver>(std::move(frame));
  if (!decoded) return fail(decoded.error());
  auto checked = check(*decoded);
  if (!checked) return fail(checked.error());
  if (!decoded->session) return fail(Errc::invalid, "0 descriptors instead of one");
  auto session = session_of(std::move(decoded->session));
  if (!session) return fail(session.error());
  if (!decoded->client_address.empty()) {
    // A negative port becomes one that is too large.
    auto client = net::Endpoint::parse(decoded->client_address, static_cast<unsigned>(decoded->client_port));
    if (!client) return fail(Errc::invalid, concat("the client: ", printable(client.error().text, 100)));
    session->peer = *client;
  }
  Passed passed;
  passed.session = std::move(*session);
  passed.state = std::make_unique<ipc::HandedOver>(std::move(*decoded));
  return passed;
}

// The message, as it comes in.
class Message {
 public:
  // What it means; nothing as long as it is not whole.
  Result<std::optional<Passed>> take(std::string_view bytes, std::vector<Fd> descriptors) {
    if (!begun_ && (bytes.front() != kBegunSession)) return plain(bytes, std::move(descriptors));
    if (!begun_) bytes.remove_prefix(1);
    begun_ = true;
    size_ += bytes.size();
    if (size_ > ipc::HandedOver::kLargest)
      return fail(Errc::too_long, concat("a state of ", size_, " bytes"));
    if (bytes.empty()) return kept(std::move(descriptors));
    reader_.feed(bytes);
    reader_.feed(std::exchange(descriptors_, {}));
    reader_.feed(std::move(descriptors));
    auto frame = reader_.next();
    if (!frame) return fail(frame.error());
    if (!*frame) return std::optional<Passed>();
    if (!reader_.empty()) return fail(Errc::invalid, "bytes behind the state");
    return wrapped(begun_session(std::move(**frame)));
  }

 private:
  static Result<std::optional<Passed>> wrapped(Result<Passed> passed) {
    if (!passed) return fail(passed.error());
    return std::optional<Passed>(std::move(*passed));
  }

  static Result<std::optional<Passed>> plain(std::string_view bytes, std::vector<Fd> descriptors) {
    const char kind = bytes.front();
    if (bytes.size() == 1 && kind == kWakeup && descriptors.empty()) return std::optional<Passed>(Passed());
    if (descriptors.size() != 1) {
      return fail(Errc::invalid, concat(descriptors.size(), " descriptors instead of one"));
    }
    if (bytes.size() != 1 || kind != kPassedSession) {
      return fail(Errc::invalid,
                  concat("unknown kind of session: \"", escaped(bytes.substr(0, kShown)), "\""));
    }
    auto session = session_of(std::move(descriptors.front()));
    if (!session) return fail(session.error());
    Passed passed;
    passed.session = std::move(*session);
    return wrapped(std::move(passed));
  }

  // The first byte came alone.
  Result<std::optional<Passed>> kept(std::vector<Fd> descriptors) {
    descriptors_ = std::move(descriptors);
    return std::optional<Passed>();
  }

  bool begun_ = false;
  std::size_t size_ = 0;
  std::vector<Fd> descriptors_;
  ipc::FrameReader reader_{true};
};

// What has come by now; nothing when that is not all.
Result<std::optional<Passed>> take(net::Loop& loop, int connection, Message& message) {
  for (;;) {
    std::vector<Fd> descriptors;
    const ssize_t size = net::receive_with(connection, loop.scratch(), net::Loop::kScratch, descriptors);
    if (size < 0 && errno == EAGAIN) return std::optional<Passed>();
    if (size < 0 && errno == EMFILE) {
      return fail(Errc::invalid, "too many descriptors at once, or no more can be opened");
    }
    if (size < 0) return fail_errno("receive a descriptor", errno);
    if (size == 0) return fail(Errc::lost, "closed before a session was handed over");
    auto passed = message.take(std::string_view(loop.scratch(), static_cast<std::size_t>(size)),
                               std::move(descriptors));
    if (!passed || *passed) return passed;
  }
}

}  // namespace

net::Task<Result<Passed>> receive_passed(net::Loop& loop, Fd connection) {
  Message message;
  net::Readiness readiness(loop, connection.get());
  const Deadline deadline = loop.in(kPassLimit);
  for (;;) {
    auto passed = take(loop, connection.get(), message);
    if (!passed) co_return fail(passed.error());
    if (*passed) {
      if ((*passed)->state) (*passed)->channel = std::move(connection);
      co_return std::move(**passed);
    }
    const bool came = co_await readiness.readable(deadline);
    if (!came) co_return fail(Errc::timeout, "no session was handed over in time");
  }
}

}  // namespace postern::daemon
