#include "screen/handover.h"

#include <cerrno>
#include <optional>
#include <system_error>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"
#include "lib/ipc/frame.h"
#include "lib/net/readiness.h"
#include "lib/net/socket.h"
#include "lib/net/wait.h"

namespace postern::screen {

namespace {

// What a server may say about one session: an offence for each test, and a few words.
constexpr std::size_t kMostReports = 16 * 1024;
// What a server needs to take a session.
constexpr milliseconds kTaking{1};
// Servers that are asked, when one ends before it has taken the session.
constexpr int kServers = 2;

// The message of the contract, whose descriptor goes beside it.
std::string message_of(const ipc::HandedOver& state) {
  if (Handover::is_plain(state)) return std::string(1, daemon::kPassedSession);
  std::string message(1, daemon::kBegunSession);
  ipc::append_frame(message, ipc::HandedOver::name, 0, ipc::encode_attributes(state), state.unread, 1);
  return message;
}

std::string text_of(int problem) { return std::generic_category().message(problem); }

bool is_want(int problem) {
  return problem == EMFILE || problem == ENFILE || problem == ENOMEM || problem == ENOBUFS;
}

}  // namespace

// The connection to a server: what it says comes in frames.
class Channel {
 public:
  Channel(net::Loop& loop, Fd fd) : fd_(std::move(fd)), readiness_(loop, fd_.get()) {}

  net::Readiness& readiness() { return readiness_; }
  int fd() const { return fd_.get(); }

  // What the server has said; nothing if that is not there yet. Fails with lost at the end, and with what ends the
  // connection too: invalid, too_long, io.
  Result<std::optional<ipc::Frame>> next() {
    for (;;) {
      auto frame = reader_.next();
      if (!frame || *frame || !readiness_.may_read()) return frame;
      char bytes[2048];
      std::vector<Fd> none;
      const ssize_t size = net::receive_with(fd_.get(), bytes, sizeof bytes, none);
      if (size == 0) return fail(Errc::lost, "the server closed the connection");
      if (size < 0 && errno != EAGAIN) return fail_errno("receive from a server", errno);
      if (size < 0) {
        readiness_.drained();
        continue;
      }
      said_ += static_cast<std::size_t>(size);
      if (static_cast<std::size_t>(size) < sizeof bytes) readiness_.drained();
      if (said_ > kMostReports) return fail(Errc::too_long, "the server says too much");
      reader_.feed(std::string_view(bytes, static_cast<std::size_t>(size)));
    }
  }

 private:
  Fd fd_;
  net::Readiness readiness_;
  ipc::FrameReader reader_{true};
  std::size_t said_ = 0;
};

Handover::Handover(net::Loop& loop, const std::string& service)
    : loop_(loop), service_("private/" + service), watches_(loop) {}
Handover::~Handover() = default;

bool Handover::is_plain(const ipc::HandedOver& state) {
  return state.client_address.empty() && state.heard != ipc::Heard::greeting && state.tests == 0 &&
         state.pipelining && state.unread.empty();
}

Error Handover::complain(Errc kind, std::string_view what, const Error& why) const {
  log_warning(concat(what, " service ", service_, ": ", why.sys != 0 ? text_of(why.sys) : why.text));
  return Error{kind, why.text, why.sys};
}

net::Task<Result<void>> Handover::give(ipc::HandedOver state, int session, std::unique_ptr<Sequel> sequel) {
  const bool plain = is_plain(state);
  const std::string message = message_of(state);
  state = {};
  for (int server = 1;; ++server) {
    auto way = co_await send(message, session);
    if (!way) co_return fail(way.error());
    auto taken = co_await is_taken(**way, plain);
    if (taken && *taken) {
      if (sequel != nullptr && !plain) watches_.spawn(watch(std::move(*way), std::move(sequel)));
      co_return Result<void>();
    }
    if (taken) {
      log_warning(concat("timeout sending connection to service ", service_));
      co_return fail(Errc::timeout, "no server took the session");
    }
    if (server == kServers) co_return fail(complain(Errc::io, "cannot pass connection to", taken.error()));
  }
}

// Connects to a server, and sends: when a connection is new, there is room for the whole message unless that is very long.
net::Task<Result<Handover::Way>> Handover::send(std::string_view message, int session) {
  const Deadline deadline = loop_.in(kConnectLimit);
  auto endpoint = net::Endpoint::unix_path(service_);
  if (!endpoint) co_return fail(complain(Errc::busy, "cannot connect to", endpoint.error()));
  auto fd = co_await net::connect_to(loop_, *endpoint, deadline);
  if (!fd) {
    const Errc kind = is_want(fd.error().sys) ? Errc::full : Errc::busy;
    co_return fail(complain(kind, "cannot connect to", fd.error()));
  }
  auto way = std::make_unique<Channel>(loop_, std::move(*fd));
  std::vector<int> descriptors{session};
  while (!message.empty()) {
    const ssize_t sent = net::send_with(way->fd(), message, descriptors);
    if (sent > 0) {
      message.remove_prefix(static_cast<std::size_t>(sent));
      descriptors.clear();
      continue;
    }
    const int problem = errno;
    bool room = false;
    if (problem == EAGAIN) {
      room = co_await way->readiness().writable(deadline);
    }
    if (room) continue;
    const Failure why = fail_errno("send", problem == EAGAIN ? ETIMEDOUT : problem);
    co_return fail(complain(Errc::io, "cannot pass connection to", why.value()));
  }
  co_return way;
}

// False when nobody has taken it in time. Fails when the server ended first: it leaves bytes unread then, which a plain end
// of the connection does not.
net::Task<Result<bool>> Handover::is_taken(Channel& way, bool plain) {
  const Deadline deadline = loop_.in(kTakeLimit);
  // By then it was usually taken, and that of others too: one look is less than to be told.
  co_await net::sleep_until(loop_, net::Loop::tick(loop_.in(kTaking)));
  for (;;) {
    auto frame = way.next();
    if (!frame) {
      if (plain && frame.error().kind == Errc::lost && frame.error().sys == 0) co_return true;
      co_return fail(frame.error());
    }
    if (*frame) {
      auto begun = ipc::decode_message<ipc::Begun>(std::move(**frame));
      if (!begun) co_return fail(begun.error());
      co_return true;
    }
    const bool came = co_await way.readiness().readable(deadline);
    if (!came) co_return false;
  }
}

// Until the server has no more to say, or says what it should not.
net::Task<void> Handover::watch(Way way, std::unique_ptr<Sequel> sequel) {
  for (;;) {
    auto frame = way->next();
    if (!frame) break;
    if (!*frame) {
      const bool came = co_await way->readiness().readable(Deadline::max());  // ends with the session
      if (came) continue;
      break;
    }
    if ((*frame)->name == ipc::Watched::name) {
      const auto watched = ipc::decode_message<ipc::Watched>(std::move(**frame));
      if (watched) sequel->passed(*watched);
      break;
    }
    const auto offence = ipc::decode_message<ipc::Offence>(std::move(**frame));
    if (!offence) {
      log_warning(concat("service ", service_, ": ", offence.error().text));
      break;
    }
    sequel->failed(*offence);
  }
}

}  // namespace postern::screen
