// A scope holds tasks that run on their own: the sessions of a server, the requests of a connection. When the
// scope dies they die. It is declared last in the object whose members its tasks use, so that it dies first.
#pragma once

#include <memory>

#include "lib/net/loop.h"
#include "lib/net/task.h"
#include "lib/net/wait.h"

namespace postern::net {

class Scope {
 public:
  explicit Scope(Loop& loop) : loop_(loop), changed_(loop) {}
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Starts a task at once and keeps it until it ends; it is destroyed in the turn after its end. What it
  // throws is logged as a panic and ends only this task. Its coroutine takes its arguments by value.
  void spawn(Task<void> task);
  // Tasks that have not ended.
  std::size_t size() const { return running_; }
  // True when no task runs any more, false when the deadline passed first.
  Task<bool> drained(Deadline deadline);
  // Destroys all tasks now. Not from inside one of them.
  void cancel();

 private:
  struct Held;
  Loop& loop_;
  Held* first_ = nullptr;
  std::size_t running_ = 0;
  Event changed_;
};

}  // namespace postern::net
