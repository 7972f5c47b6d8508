// A service that master runs: its sockets, its processes, its wakeup time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "master/child.h"
#include "master/listener.h"
#include "master/plan.h"
#include "master/service.h"

namespace postern::master {

// Who starts processes for an entry.
class Starter {
 public:
  // A process for the service; nothing when the kernel refused, which is logged.
  virtual std::unique_ptr<Child> start_child(const Service& service,
                                             const std::vector<Listener>& listeners) = 0;
  // A process has told another state, or has ended.
  virtual void child_changed() = 0;
  virtual bool is_stopping() const = 0;
  virtual Duration throttle_time() const = 0;

 protected:
  ~Starter() = default;
};

class Entry : net::Posted {
 public:
  Entry(net::Loop& loop, Starter& starter, Service service, std::vector<Listener> listeners);

  const Service& service() const { return service_; }
  const std::vector<Listener>& listeners() const { return listeners_; }
  std::vector<std::unique_ptr<Child>>& children() { return children_; }

  // Takes over what changed; processes go on.
  void adjust(Service service);
  // Takes over what changed; processes of the old kind are asked to leave.
  void renew(Service service);
  // The service is no more: closes the sockets, asks all to leave. Keys and paths that are in `kept` go on to be
  // used by other services.
  void retire(const std::vector<std::string>& kept);
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

  net::Task<void> watch(int listener);
  net::Task<void> keep_waking();
  // The first wakeup is sent at once, or a second after the last one.
  void begin_waking();
  net::Task<void> end_throttle(Deadline when);
  void client_waits();
  void throttle(const std::string& why);
  void judge(Child& child, int status);
  void warn_of_saturation();

  net::Loop& loop_;
  Starter& starter_;
  Service service_;
  std::vector<Listener> listeners_;
  std::vector<std::unique_ptr<Child>> children_;
  bool watched_ = false;
  bool used_ = false;
  bool throttled_ = false;
  bool retired_ = false;
  bool closing_ = false;  // no more processes
  Instant warn_again_{};
  Instant last_wakeup_{};
  net::Event first_use_;
  net::Scope watching_;
  net::Scope waking_;
  net::Scope tasks_;
};

}  // namespace postern::master
