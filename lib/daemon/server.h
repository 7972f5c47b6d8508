// The life of a child after it has entered its jail: accept, count, tell master, leave.
#pragma once

#include <memory>
#include <vector>

#include "lib/daemon/log_keeper.h"
#include "lib/daemon/service.h"
#include "lib/daemon/status.h"
#include "lib/net/scope.h"
#include "lib/net/wait.h"
#include "lib/table/watched.h"

namespace postern::net {
class Readiness;
}

namespace postern::daemon {

// A process that others come before takes clients for so long after one whom they left waiting.
inline constexpr Duration kHelping = seconds(1);

struct Limits {
  std::size_t sessions = 2000;
  std::size_t uses = 0;                       // sessions to serve in all; 0: no limit
  bool taken = false;                         // the service takes connections itself, as many as come
  bool alone = false;                         // no other process serves while this one has sessions in hand
  Duration idle = Duration::max();            // leave after so long without a session; max(): never
  Duration watchdog = std::chrono::hours(5);  // for one turn of the loop
};

class Server final : private Sessions {
 public:
  Server(Context& context, Service& service, StatusChannel& status, std::vector<Fd> listeners, bool wakeups,
         Limits limits);
  // When one of these files has changed, the process leaves as at a reload, and another takes over.
  void watch(table::WatchedFiles files) { files_ = std::move(files); }
  // Serves until it is time to leave and all is finished; then the loop stops.
  void run();

 private:
  net::Task<void> accept_on(int listener);
  net::Task<void> make_room(int listener, net::Readiness& readiness);
  void became_full();
  net::Task<void> wait_for_client(int listener, net::Readiness& readiness);
  net::Task<void> look_away();
  bool holds_back() const { return helps_ && loop_.now() >= takes_until_; }
  net::Task<void> serve(net::Accepted connection);
  net::Task<void> serve_passed(net::Accepted connection);
  net::Task<void> serve_one(net::Accepted connection);
  net::Task<void> read_triggers(int fifo);
  net::Task<void> watch_master();
  // Something that master says.
  void hear(std::string_view words);
  // While it leaves: shows master that it is not stuck.
  net::Task<void> keep_turning();
  net::Task<void> watch_idleness();
  net::Task<void> watch_files();
  net::Task<void> renew_watchdog();
  net::Task<void> recover();
  net::Task<void> depart();

  bool has_old_tables();
  void begin_accepting();
  void wake();
  void leave(Leave why);
  bool is_worn() const { return limits_.uses != 0 && sessions_begun_ >= limits_.uses; }
  bool is_full() const { return !limits_.taken && sessions_now_ >= limits_.sessions; }
  Pace begin(net::Accepted connection, int listener);
  void session_began() override;
  void session_ended() override;
  void tell_state();
  void measure_lag();

  Context& context_;
  net::Loop& loop_;
  Service& service_;
  StatusChannel& status_;
  std::vector<Fd> listeners_;
  bool wakeups_;
  bool passed_;  // connections bring sessions that somebody else has accepted
  Limits limits_;

  std::size_t sessions_now_ = 0;
  std::size_t sessions_begun_ = 0;
  Instant began_;
  Instant idle_since_;
  Instant lagging_until_{};
  Instant full_at_{};    // when it last was
  Instant ours_from_{};  // clients who wait then are nobody else's
  bool helps_ = false;   // another process comes first
  Instant takes_until_;  // until then it does not look whether that one keeps up
  table::WatchedFiles files_;
  Instant looked_{};  // at the files
  bool leaving_ = false;
  Deadline leave_by_ = Deadline::max();
  Counter served_, sessions_gauge_, lag_gauge_;
  LogKeeper log_;

  net::Event changed_;  // a session began or ended, or the way of leaving changed
  net::Scope keeping_;  // the tasks of the skeleton itself
  net::Scope accepting_;
  net::Scope sessions_;
};

}  // namespace postern::daemon
