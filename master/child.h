// A process that master started, as master sees it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "lib/base/fd.h"
#include "lib/daemon/contract.h"
#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "lib/net/task.h"

namespace postern::master {

class Child {
 public:
  Child(net::Loop& loop, pid_t pid, unsigned slot, std::uint32_t generation, Fd status);

  // Calls `changed` whenever the child has told another state.
  void listen(std::function<void()> changed);

  pid_t pid() const { return pid_; }
  unsigned slot() const { return slot_; }
  // Closes our side of the channel: the child finishes what is in hand and leaves.
  void ask_to_leave();
  void send_signal(int number) const;

  // A child that has just been started counts as available: it was started for a client that waits.
  bool is_available() const { return !is_leaving() && state_ != daemon::State::busy; }
  bool is_leaving() const { return told_ || state_ == daemon::State::leaving; }
  // Told to leave, and has not said yet that it takes no more connections.
  bool may_still_accept() const { return told_ && state_ != daemon::State::leaving && !channel_ended_; }
  bool was_available() const { return was_available_; }
  bool was_told() const { return told_; }
  const std::string& last_words() const { return last_words_; }

  // Reads what it has told and we have not yet read. True when the state changed.
  bool catch_up();

 private:
  net::Task<void> follow();
  bool take(std::string_view record);

  net::Loop& loop_;
  pid_t pid_;
  unsigned slot_;
  std::uint32_t generation_;
  Fd status_;
  daemon::State state_ = daemon::State::starting;
  bool was_available_ = false;
  bool told_ = false;
  bool channel_ended_ = false;
  std::string last_words_;
  std::function<void()> changed_;
  net::Scope tasks_;
};

}  // namespace postern::master
