// A service that master runs: its sockets, its processes, its wakeup time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/daemon/scoreboard.h"
#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "master/child.h"
#include "master/listener.h"
#include "master/plan.h"
#include "master/service.h"
#include "master/throttle.h"

namespace postern::master {

class Entry;

// How patient master is with the processes of a service.
struct Patience {
  Duration start{};     // until a process has told that it is available
  Duration watchdog{};  // for a process that lets clients wait and does nothing
};

// Who starts processes for an entry.
class Starter {
 public:
  // A process for the service; or why the kernel refused.
  virtual Result<std::unique_ptr<Child>> start_child(const Entry& entry) = 0;
  // A process has told another state, or has ended.
  virtual void child_changed() = 0;
  virtual bool is_stopping() const = 0;
  virtual Duration throttle_time() const = 0;
  // A program as the log names it: its path.
  virtual std::string path_of(const Service& service) const = 0;
  virtual daemon::Scoreboard& scoreboard() = 0;

 protected:
  ~Starter() = default;
};

class Entry : net::Posted {
 public:
  Entry(net::Loop& loop, Starter& starter, Service service, std::vector<Listener> listeners);
  // One that the master before us ran. It starts nothing before renew() or retire().
  Entry(net::Loop& loop, Starter& starter, HandedService handed);
  HandedService hand_over() const;
  ~Entry() override;

  const Service& service() const { return service_; }
  const std::vector<Listener>& listeners() const { return listeners_; }
  std::vector<std::unique_ptr<Child>>& children() { return children_; }
  std::uint32_t row() const { return row_; }
  bool is_stressed() const { return stressed_until_ != Instant{}; }

  // Takes over what changed; processes go on.
  void adjust(Service service);
  // If it is throttled: no longer.
  void try_again();
  // Nothing changed that its processes know of: where it stands in the file, and whether its program is there, may have.
  void keep(const Service& service);
  // Takes over what changed; processes of the old kind are asked to leave.
  void renew(Service service);
  // The service is no more: closes the sockets, asks all to leave. Keys and paths that are in `kept` go on to be
  // used by other services.
  void retire(const std::vector<std::string>& kept);
  // Once a second: ends what hangs, finds out who lets clients wait, ends stress that is over.
  void look_after(const Patience& patience);
  // A process of it may be running wild or have a bad program: the service gets no other one for a while.
  void throttle(const std::string& why);

  // No new process; those that live stay until they are told.
  void stop_starting() {
    closing_ = true;
    reconsider_soon();
  }

  // Forgets the process, if it is ours, that ended with this status of waitpid(2). Its slot, or nothing.
  std::optional<unsigned> ended(pid_t pid, int status);

 private:
  // Later, in a turn of its own: what calls may be one of our tasks.
  void reconsider_soon() {
    if (!is_posted()) loop_.post(*this);
  }
  void turn_came() override { reconsider(); }
  void reconsider();
  Standing standing() const;
  void dismiss_surplus();
  void tell_roles();

  net::Task<void> watch(int listener);
  net::Task<void> keep_waking();
  // The first wakeup is sent at once, or a second after the last one.
  void begin_waking();
  net::Task<void> end_throttle(Deadline when);
  void client_waits();
  void begin(std::unique_ptr<Child> child);
  void judge_end(Child& child, int status);
  Ending ending_of(const Child& child, int status) const;
  void log_end(const Child& child, int status);
  void remember_failure(const std::string& what);
  void warn_of_saturation();
  void set_stress(bool stressed);
  // Shows how the service stands on the scoreboard.
  void show() const;

  // For look_after(), see hanging.cpp.
  void kill_if_it_hangs(Child& child, const Patience& patience);
  void look_for_stuck();
  bool has_client() const;
  std::uint64_t turns_of(const Child& child) const;

  net::Loop& loop_;
  Starter& starter_;
  Service service_;
  std::vector<Listener> listeners_;
  std::vector<std::unique_ptr<Child>> children_;
  daemon::ServiceReport report_;  // what is counted and remembered; the rest is filled in to show it
  std::uint32_t row_;             // on the scoreboard
  bool retired_ = false;
  bool closing_ = false;  // no more processes
  bool watched_ = false;
  bool used_ = false;
  Instant last_wakeup_{};
  bool throttled_ = false;
  Throttle throttle_;
  Instant stressed_until_{};  // zero: not under stress
  Instant warn_again_{};
  bool client_waited_ = false;  // when we last looked, although somebody should have been available
  std::vector<std::pair<pid_t, std::uint64_t>> turns_;  // of the processes at that time
  net::Event first_use_;
  net::Scope watching_;
  net::Scope waking_;
  net::Scope tasks_;
};

}  // namespace postern::master
