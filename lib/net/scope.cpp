#include "lib/net/scope.h"

#include <exception>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::net {

struct Scope::Held final : Posted, task_detail::Finished {
  Held(Scope& s, Task<void> t) : scope(s), task(std::move(t)) {
    next = scope.first_;
    if (next != nullptr) next->previous = this;
    scope.first_ = this;
  }
  ~Held() override {
    if (next != nullptr) next->previous = previous;
    (previous != nullptr ? previous->next : scope.first_) = next;
  }
  void finished() noexcept override {
    --scope.running_;
    scope.loop_.post(*this);
  }
  void turn_came() override {
    Event& changed = scope.changed_;
    report();
    delete this;
    changed.notify();
  }
  void report() const {
    try {
      task.handle().promise().take();
    } catch (const std::exception& thrown) {
      log::write(Level::panic, concat("unexpected exception: ", thrown.what()));
    } catch (...) {
      log::write(Level::panic, "unexpected exception");
    }
  }

  Scope& scope;
  Task<void> task;
  Held* next = nullptr;
  Held* previous = nullptr;
};

void Scope::spawn(Task<void> task) {
  auto* held = new Held(*this, std::move(task));
  ++running_;
  held->task.handle().promise().owner = held;
  held->task.handle().resume();
}

Task<bool> Scope::drained(Deadline deadline) {
  while (running_ > 0) {
    const bool notified = co_await changed_.wait(deadline);
    if (!notified) co_return running_ == 0;
  }
  co_return true;
}

void Scope::cancel() {
  while (first_ != nullptr) {
    if (!first_->task.done()) --running_;
    delete first_;
  }
  changed_.notify();
}

Scope::~Scope() { cancel(); }

}  // namespace postern::net
