// How a Server takes what comes to its listeners: connections, or triggers on a FIFO.
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/base/log.h"
#include "lib/daemon/server.h"
#include "lib/net/readiness.h"

namespace postern::daemon {

namespace {

// Connections accepted in a row before others have their turn.
constexpr int kAcceptBatch = 64;
constexpr Duration kAcceptPause = seconds(1);
// How long others have for a client that waits, until we make room for it; and until we look again.
constexpr Duration kOthersTurn = milliseconds(40);
constexpr Duration kRoomComes = milliseconds(20);
constexpr Duration kFullLook = seconds(1);
// A process that helps looks so often whether clients still wait, before it believes that nobody takes them; and looks away
// for so long when somebody has. Both together are less than the turn of others: nobody gives way while there is room.
constexpr int kLooks = 4;
constexpr Duration kBetweenLooks = milliseconds(4);
constexpr Duration kLookAway = milliseconds(20);
static_assert(kLooks * kBetweenLooks + kLookAway < kOthersTurn);
// A writer that never stops has the others wait no longer.
constexpr Duration kTriggerPause = milliseconds(10);

// Takes all the triggers that are there: many are as good as one. A child has the FIFO open for writing too, so it
// never ends.
bool take_triggers(int fifo) {
  std::array<char, 4096> bytes;
  bool any = false;
  for (ssize_t got = 0; (got = ::read(fifo, bytes.data(), bytes.size())) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    any = true;
    if (static_cast<std::size_t>(got) < bytes.size()) break;
  }
  return any;
}

// Where clients come one after another, and all wait anyway, they are fetched together at each tick of the loop, without a
// wake-up for each.
class Crowd {
 public:
  void came(Pace pace) {
    ++come_;
    if (pace == Pace::prompt) in_haste_ = true;
  }
  // All who are there were accepted: whether the next ones may wait for a tick.
  bool is_coming(Instant now) {
    const bool dense = now - last_ < 2 * net::Loop::kTick;
    const bool coming = come_ > 0 && dense && !in_haste_;
    if (come_ > 0) last_ = now;
    come_ = 0;
    in_haste_ = false;
    return coming;
  }

 private:
  int come_ = 0;
  bool in_haste_ = false;
  Instant last_{};
};

}  // namespace

void Server::begin_accepting() {
  const bool triggers = context_.arguments().type == "fifo";
  for (const Fd& listener : listeners_) {
    accepting_.spawn(triggers ? read_triggers(listener.get()) : accept_on(listener.get()));
  }
}

net::Task<void> Server::read_triggers(int fifo) {
  net::Readiness readiness(loop_, fifo);
  while (!leaving_) {
    if (take_triggers(fifo)) {
      wake();
      co_await net::sleep_until(loop_, loop_.in(kTriggerPause));
    } else {
      const bool came = co_await readiness.readable(Deadline::max());  // until somebody writes
      if (!came) continue;
    }
  }
}

net::Task<void> Server::accept_on(int listener) {
  net::Readiness readiness(loop_, listener);
  Crowd crowd;
  for (int batch = 0; !leaving_;) {
    if (is_full() && service_.gives_way()) {
      co_await make_room(listener, readiness);
    } else if (is_full()) {
      const bool changed = co_await changed_.wait(Deadline::max());  // until a session ends
      if (!changed) continue;
    } else if (has_old_tables()) {
      leave(Leave::reload);  // the next process takes those that wait
    } else if (auto connection = net::accept_from(listener)) {
      crowd.came(begin(std::move(*connection), listener));
      if (++batch % kAcceptBatch == 0) {
        co_await net::sleep_until(loop_, loop_.in(microseconds(1)));
      }
    } else if (connection.error().kind == Errc::busy && crowd.is_coming(loop_.now())) {
      readiness.rest();
      co_await net::sleep_until(loop_, net::Loop::tick(loop_.in(microseconds(1))));
    } else if (connection.error().kind == Errc::busy) {
      co_await wait_for_client(listener, readiness);
    } else if (connection.error().sys == EINVAL) {
      co_return;  // master has shut the socket: the service is no more
    } else {
      log_warning(connection.error().text);
      co_await net::sleep_until(loop_, loop_.in(kAcceptPause));
    }
  }
}

// Where one process keeps up, a second one would only take the other half of each batch of work: it leaves clients to the
// first one, and when that one stands still it takes them as they come for a while.
net::Task<void> Server::wait_for_client(int listener, net::Readiness& readiness) {
  const bool came = co_await readiness.readable(Deadline::max());  // until a client comes
  if (!came || !holds_back()) co_return;
  readiness.rest();
  for (int look = 0; look < kLooks; ++look) {
    co_await net::sleep_until(loop_, loop_.in(kBetweenLooks));
    if (net::has_arrivals(listener)) continue;
    co_await look_away();
    co_return;
  }
  takes_until_ = loop_.in(kHelping);
}

net::Task<void> Server::look_away() {
  const Deadline until = loop_.in(kLookAway);
  while (helps_ && loop_.now() < until) {
    [[maybe_unused]] const bool changed = co_await changed_.wait(until);  // it may lead from now on
  }
}

// A client that comes when the process is full does not wait behind those who keep it full. First others have the chance
// to take it: processes that have room, or one that master starts.
net::Task<void> Server::make_room(int listener, net::Readiness& readiness) {
  if (!net::has_arrivals(listener)) {
    const bool came = co_await readiness.readable(loop_.in(kFullLook));
    if (came && !limits_.alone) ours_from_ = loop_.in(kOthersTurn);
  } else if (loop_.now() < ours_from_) {
    co_await net::sleep_until(loop_, ours_from_);
  } else {
    const Duration patience = service_.make_room() ? kRoomComes : kFullLook;
    const bool ended = co_await changed_.wait(loop_.in(patience));
    if (ended) full_at_ = loop_.now();
  }
}

// Full for the first time in a while: those who wait now may have others to go to.
void Server::became_full() {
  if (loop_.now() - full_at_ > kFullLook && !limits_.alone) ours_from_ = loop_.in(kOthersTurn);
  full_at_ = loop_.now();
}

Pace Server::begin(net::Accepted connection, int listener) {
  if (limits_.taken) return service_.take(std::move(connection), listener, InHand(*this));
  sessions_.spawn(serve(std::move(connection)));
  return Pace::prompt;
}

}  // namespace postern::daemon
