// A process that master started, as master sees it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/fd.h"
#include "lib/daemon/contract.h"
#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "lib/net/task.h"
#include "master/handover.h"
#include "master/spoken.h"

namespace postern::master {

// Who it is, as far as it does not change while it lives.
struct Birth {
  pid_t pid = -1;
  unsigned slot = 0;  // of the scoreboard
  std::uint32_t generation = 0;
  Instant when{};
};

class Child {
 public:
  // Our ends of its status channel and of its standard error; the latter may be none.
  Child(net::Loop& loop, Birth birth, Fd status, Fd errors = Fd());

  // One that the master before us started, as it handed it over.
  static std::unique_ptr<Child> resume(net::Loop& loop, const HandedChild& handed);
  HandedChild hand_over() const;

  // Calls `changed` whenever the child has told another state. `program` names it in the log.
  void listen(std::string program, std::function<void()> changed);

  pid_t pid() const { return birth_.pid; }
  unsigned slot() const { return birth_.slot; }
  const Birth& birth() const { return birth_; }
  // Closes our side of the channel: the child finishes what is in hand and leaves.
  void ask_to_leave();
  void send_signal(int number) const;

  // A child that has just been started counts as available: it was started for a client that waits.
  bool is_available() const { return !is_leaving() && !stuck_ && state_ != daemon::State::busy; }
  // It has said why it cannot start, and is about to end.
  bool is_failing() const { return !told_ && !was_available_ && state_ == daemon::State::leaving; }
  bool is_leaving() const { return told_ || said_leaving(); }
  // Its successor may come.
  bool is_relieved() const { return state_ == daemon::State::relieved; }
  // Told to leave, and has not said yet that it takes no more connections.
  bool may_still_accept() const { return told_ && !said_leaving() && !channel_ended_; }
  bool was_available() const { return was_available_; }
  bool was_told() const { return told_; }
  bool said_leaving() const { return state_ == daemon::State::leaving || is_relieved(); }
  daemon::State state() const { return state_; }
  // Why it fails, in its own words: those of the status channel, or the last line of its standard error.
  const std::string& last_words() const { return last_words_.empty() ? spoken_.last_line() : last_words_; }

  // A client has waited while this child, which should be available, did nothing: it counts as busy until it turns
  // its loop or tells a state. `turns` are those of its scoreboard page.
  void found_stuck(std::uint64_t turns, Instant now);
  // True when it was found stuck and has turned its loop since; then it no longer is.
  bool has_come_back(std::uint64_t turns);
  // Of one that was told to leave: since when its loop has not turned. Nothing as long as it has turned since we looked
  // last, and of programs that do not count their turns.
  std::optional<Instant> still_since(std::uint64_t turns, Instant now);
  // It took connections until it could take no more.
  bool was_busy() const { return was_busy_; }
  // Kills one that hangs.
  void kill_hung();
  bool was_hung() const { return hung_; }
  bool is_stuck() const { return stuck_; }
  Instant stuck_since() const { return stuck_since_; }

  // Tells it that the service is, or no longer is, under stress.
  void tell_stress(bool stressed) const;
  // Tells it, if it has not been told, that it is the first of the processes of its service, or that another one is.
  void tell_role(bool leads);

  // Reads what it has told and we have not yet read. True when the state changed.
  bool catch_up();
  // The process has ended: reads all that it has told and written to its standard error.
  void catch_up_at_end();

 private:
  net::Task<void> follow();
  net::Task<void> follow_errors();
  // Reads a piece of its standard error; false when there is none now.
  bool hear_errors();
  void say(std::string_view line) const;
  bool take(std::string_view record);

  net::Loop& loop_;
  Birth birth_;
  Fd status_, errors_;
  std::string program_;
  Spoken spoken_;
  daemon::State state_ = daemon::State::starting;
  bool stuck_ = false;
  bool errors_ended_ = false;
  std::size_t bad_records_ = 0;
  std::uint64_t stuck_turns_ = 0;
  std::uint64_t last_turns_ = 0;
  Instant last_turn_{};
  Instant stuck_since_{};
  bool was_available_ = false;
  bool was_busy_ = false;
  bool hung_ = false;
  bool told_ = false;
  std::optional<bool> leads_ = true;  // what it believes; nothing: a master before us has told it
  bool channel_ended_ = false;
  bool heard_all_ = false;  // the channel was empty when we looked last
  std::string last_words_;
  std::function<void()> changed_;
  net::Scope tasks_;
};

}  // namespace postern::master
