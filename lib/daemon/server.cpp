#include "lib/daemon/server.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/passing.h"
#include "lib/daemon/watchdog.h"
#include "lib/net/readiness.h"

namespace postern::daemon {

namespace {

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
      takes_until_(began_ + kHelping),
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

void Server::wake() {
  if (log::is_verbose()) log_info("woken");
  idle_since_ = loop_.now();
  service_.wakeup();
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
  if (words == kLeads || words == kHelps) {
    helps_ = words == kHelps && limits_.sessions > 1 && !limits_.taken;
    changed_.notify();
  }
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
