#include "lib/daemon/server.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/passing.h"
#include "lib/daemon/watchdog.h"
#include "lib/net/readiness.h"

namespace postern::daemon {

namespace {

// Connections accepted in a row before others have their turn.
constexpr int kAcceptBatch = 64;
constexpr Duration kAcceptPause = seconds(1);
constexpr Duration kTurn = seconds(1);
// A loop whose turn takes this long keeps clients waiting: another process should help.
constexpr Duration kLag = milliseconds(250);
constexpr Duration kLagMemory = seconds(1);
// Between two looks at the files of tables.
constexpr Duration kLook = seconds(1);
// Tables that could not be opened are tried again by another process, while there is something to do.
constexpr Duration kBrokenTables = seconds(60);
constexpr Duration kLastMoment = milliseconds(500);
constexpr Duration kWakeupWait = seconds(5);
constexpr Duration kTriggerPause =
    milliseconds(10);  // a writer that never stops has the others wait no longer
// How long others have for a client that waits, until we make room for it; and until we look again.
constexpr Duration kOthersTurn = milliseconds(40);
constexpr Duration kRoomComes = milliseconds(20);
constexpr Duration kFullLook = seconds(1);
// With many sessions, room is reported when a sixteenth of them is free, not at each coming and going.
constexpr std::size_t kRoomShare = 16;

std::uint64_t in_milliseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(duration).count());
}

// True when the connection was made to wake us. The first byte tells; a client of the service speaks first.
net::Task<bool> is_wakeup(net::Loop& loop, int fd) {
  net::Readiness readiness(loop, fd);
  const Deadline deadline = loop.in(kWakeupWait);
  for (;;) {
    char first = 0;
    const ssize_t got = ::recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got >= 0 || errno != EAGAIN) co_return got == 1 && first == kWakeup;
    const bool came = co_await readiness.readable(deadline);
    if (!came) co_return false;
  }
}

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

std::string name_of(const net::Accepted& connection) {
  if (connection.peer.is_inet()) return concat("[", connection.peer.address(), "]:", connection.peer.port());
  return concat("user ", net::peer_user(connection.fd.get()));
}

std::string_view name_of(Leave why) {
  switch (why) {
    case Leave::idle: return "idle, or max_use reached";
    case Leave::reload: return "reload";
    case Leave::orphaned: return "master is gone";
    case Leave::stop: return "stop";
  }
  return "";
}

Duration limit_of(Leave why) {
  switch (why) {
    case Leave::stop: return kStopLimit;
    case Leave::orphaned: return kOrphanLimit;
    default: return Duration::max();
  }
}

}  // namespace

Server::Server(Context& context, Service& service, StatusChannel& status, std::vector<Fd> listeners,
               bool wakeups, Limits limits)
    : context_(context),
      loop_(context.loop()),
      service_(service),
      status_(status),
      listeners_(std::move(listeners)),
      wakeups_(wakeups),
      passed_(context.arguments().type == "pass"),
      limits_(limits),
      began_(loop_.now()),
      idle_since_(began_),
      served_(context.counter(kConnections)),
      sessions_gauge_(context.gauge(kSessions)),
      lag_gauge_(context.gauge("lag_ms")),
      log_(loop_, context.gauge(kLogLost), context.gauge(kLogUnsaid)),
      changed_(loop_),
      keeping_(loop_),
      accepting_(loop_),
      sessions_(loop_) {
  context_.relieve_ = [this] { status_.report(State::relieved); };
}

void Server::run() {
  loop_.on_signal(SIGTERM, [this] { leave(Leave::stop); });
  context_.page_.count_turn();  // from here on master can tell whether we stand still
  loop_.before_sleep([this] {
    measure_lag();
    context_.page_.count_turn();
  });
  service_.started();
  keeping_.spawn(watch_master());
  keeping_.spawn(watch_idleness());
  keeping_.spawn(renew_watchdog());
  if (!files_.empty()) keeping_.spawn(watch_files());
  tell_state();
  begin_accepting();
  loop_.run();
}

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

void Server::wake() {
  if (log::is_verbose()) log_info("woken");
  idle_since_ = loop_.now();
  service_.wakeup();
}

// Where clients come one after another, and all wait anyway, they are fetched together at each tick of the loop, without a
// wake-up for each.
class Server::Crowd {
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
      const bool ready = co_await readiness.readable(Deadline::max());  // until a client comes
      if (!ready) continue;
    } else if (connection.error().sys == EINVAL) {
      co_return;  // master has shut the socket: the service is no more
    } else {
      log_warning(connection.error().text);
      co_await net::sleep_until(loop_, loop_.in(kAcceptPause));
    }
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
    const bool made = service_.make_room();
    const bool ended = co_await changed_.wait(loop_.in(made ? kRoomComes : kFullLook));
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

net::Task<void> Server::serve(net::Accepted connection) {
  struct Counted {
    Server& server;
    explicit Counted(Server& of) : server(of) { server.session_began(); }
    ~Counted() { server.session_ended(); }
  };
  const Counted counted(*this);
  const Instant begun = loop_.now();
  const std::string peer = log::is_verbose() ? name_of(connection) : "";
  if (!peer.empty()) log_info(concat("connection from ", peer, ", ", sessions_now_, " in hand"));
  if (passed_) {
    co_await serve_passed(std::move(connection));
  } else {
    co_await serve_one(std::move(connection));
  }
  if (peer.empty()) co_return;
  log_info(concat("connection from ", peer, " ended after ", in_milliseconds(loop_.now() - begun), " ms"));
}

net::Task<void> Server::serve_passed(net::Accepted connection) {
  const int sender = net::peer_user(connection.fd.get());
  auto passed = co_await receive_passed(loop_, std::move(connection.fd));
  if (!passed) {
    log_warning(concat("session refused that user ", sender, " hands over: ", passed.error().text));
    co_return;
  }
  if (log::is_verbose() && passed->session) {
    log_info(concat("session of ", name_of(*passed->session), " handed over"));
  }
  if (passed->state) {
    co_await service_.resume(std::move(*passed->session), std::move(passed->state),
                             std::move(passed->channel));
  } else if (passed->session) {
    co_await service_.serve(std::move(*passed->session));
  } else if (wakeups_) {
    wake();
  }
}

net::Task<void> Service::resume(net::Accepted connection, std::unique_ptr<ipc::HandedOver>, Fd) {
  log_warning(concat("session of ", name_of(connection), " refused: this service takes none that has begun"));
  co_return;
}

net::Task<void> Server::serve_one(net::Accepted connection) {
  if (wakeups_) {
    const bool woken = co_await is_wakeup(loop_, connection.fd.get());
    if (woken) {
      wake();
      co_return;
    }
  }
  co_await service_.serve(std::move(connection));
}

void Server::session_began() {
  ++sessions_now_;
  ++sessions_begun_;
  served_.add();
  sessions_gauge_.set(sessions_now_);
  if (is_full()) became_full();
  // Others take over at once, and what is in hand goes on to its end. Who is alone, or has one session at a time,
  // leaves when there is none: nobody waits for it longer than for that session.
  if (is_worn() && !limits_.alone && limits_.sessions > 1) return leave(Leave::idle);
  tell_state();
}

void Server::session_ended() {
  --sessions_now_;
  sessions_gauge_.set(sessions_now_);
  idle_since_ = loop_.now();
  if (is_worn() && sessions_now_ == 0) {
    leave(Leave::idle);
  } else {
    tell_state();
  }
  changed_.notify();
}

void Server::tell_state() {
  if (leaving_) return;
  const bool worn = is_worn() && limits_.sessions == 1;
  const bool lagging = loop_.now() < lagging_until_;
  if (is_full() || worn || lagging) {
    context_.page_.set_state(State::busy);
    status_.report(State::busy);
  } else if (limits_.taken ||
             sessions_now_ <= limits_.sessions - std::max<std::size_t>(1, limits_.sessions / kRoomShare)) {
    context_.page_.set_state(State::available);
    status_.report(State::available);
  }
}

void Server::measure_lag() {
  const Duration turn = loop_.last_turn();
  if (turn > loop_.now() - began_) return;  // began before we did
  lag_gauge_.set(in_milliseconds(turn));
  if (turn < kLag) return;
  const bool known = loop_.now() < lagging_until_;
  lagging_until_ = loop_.now() + kLagMemory;
  if (!known) keeping_.spawn(recover());
}

net::Task<void> Server::recover() {
  tell_state();
  while (loop_.now() < lagging_until_) {
    co_await net::sleep_until(loop_, lagging_until_);
  }
  tell_state();
}

net::Task<void> Server::watch_master() {
  const StatusChannel::Heard heard = [this](std::string_view words) { hear(words); };
  const auto end = co_await status_.ended(loop_, heard);
  leave(end == StatusChannel::End::reload ? Leave::reload : Leave::orphaned);
  while (::getppid() == context_.parent_) {
    co_await net::sleep_until(loop_, loop_.in(seconds(1)));
  }
  leave(Leave::orphaned);
}

void Server::hear(std::string_view words) {
  if (words != kStressed && words != kNotStressed) return;
  context_.settings_.override("stress", std::string(words.substr(words.find('=') + 1)));
  service_.stress_changed(context_.settings());
}

net::Task<void> Server::keep_turning() {
  for (;;) {
    co_await net::sleep_until(loop_, loop_.in(kTurn));
  }
}

net::Task<void> Server::watch_idleness() {
  if (limits_.idle == Duration::max()) co_return;
  while (!leaving_) {
    Instant due = idle_since_ + limits_.idle;
    const bool idle = sessions_now_ == 0 && service_.is_idle();
    if (idle && due <= loop_.now()) leave(Leave::idle);
    if (!idle) due = loop_.in(limits_.idle);
    co_await net::sleep_until(loop_, due);
  }
}

// Looks at most once a second, whoever asks.
bool Server::has_old_tables() {
  if (files_.empty() || loop_.now() < looked_ + kLook) return false;
  looked_ = loop_.now();
  if (const std::string* path = files_.changed()) {
    log_info(concat("table ", *path, " has changed -- restarting"));
    return true;
  }
  return files_.broken() > 0 && sessions_begun_ > 0 && loop_.now() > began_ + kBrokenTables;
}

net::Task<void> Server::watch_files() {
  while (!leaving_) {
    co_await net::sleep_until(loop_, loop_.in(kLook));
    if (!leaving_ && has_old_tables()) leave(Leave::reload);
  }
}

net::Task<void> Server::renew_watchdog() {
  for (;;) {
    set_watchdog(limits_.watchdog);
    co_await net::sleep_until(loop_, loop_.in(limits_.watchdog / 4));
  }
}

void Server::leave(Leave why) {
  const Duration limit = limit_of(why);
  if (limit != Duration::max()) leave_by_ = std::min(leave_by_, loop_.in(limit));
  service_.leave(why);
  changed_.notify();
  if (leaving_) return;
  if (log::is_verbose())
    log_info(concat("leaving: ", name_of(why), "; ", sessions_now_, " sessions in hand"));
  leaving_ = true;
  context_.page_.set_state(State::leaving);
  status_.report(State::leaving);
  // Not now: the task that accepts may be the one that called us.
  loop_.post([this] {
    accepting_.cancel();
    listeners_.clear();
    keeping_.spawn(depart());
    keeping_.spawn(keep_turning());
  });
}

net::Task<void> Server::depart() {
  while (sessions_now_ > 0 && loop_.now() < leave_by_) {
    const bool changed = co_await changed_.wait(leave_by_);
    if (!changed) break;
  }
  if (sessions_now_ > 0) log_info(concat("gave up ", sessions_now_, " sessions to leave in time"));
  net::Scope last(loop_);
  last.spawn(service_.finish());
  const bool finished = co_await last.drained(std::max(leave_by_, loop_.in(kLastMoment)));
  if (!finished) log_warning("could not finish in time");
  loop_.stop();
}

}  // namespace postern::daemon
