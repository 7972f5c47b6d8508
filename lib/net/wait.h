// What a coroutine can wait for that is not a descriptor: a time, an event, another task with a limit.
#pragma once

#include <coroutine>
#include <optional>

#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace postern::net {

// co_await sleep_until(loop, when)
class sleep_until : Timer {
 public:
  sleep_until(Loop& loop, Deadline when) : Timer(loop), loop_(loop), when_(when) {}
  bool await_ready() const { return when_ <= loop_.now(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    arm(when_);
  }
  void await_resume() const noexcept {}

 private:
  void time_came() override { waiter_.resume(); }
  Loop& loop_;
  Deadline when_;
  std::coroutine_handle<> waiter_;
};

// co_await next_turn(loop): lets everybody else go on first.
class next_turn : Posted {
 public:
  explicit next_turn(Loop& loop) : loop_(loop) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    loop_.post(*this);
  }
  void await_resume() const noexcept {}

 private:
  void turn_came() override { waiter_.resume(); }
  Loop& loop_;
  std::coroutine_handle<> waiter_;
};

// A thing that happens, once or many times. Waiters go on in the next turn of the loop after notify(): it is
// safe to call from anywhere in the loop's thread, also from inside a coroutine.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Wakes everybody who waits now, who waits longest first. Nothing is remembered for those who come later.
  void notify() {
    for (Wait* wait = first_; wait != nullptr; wait = wait->next_waiting_) wait->wake();
  }

  class Wait : Posted, Timer {
   public:
    Wait(Event& event, Deadline deadline) : Timer(event.loop_), event_(event), deadline_(deadline) {}
    ~Wait() override { unlink(); }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      previous_waiting_ = event_.last_;
      (previous_waiting_ != nullptr ? previous_waiting_->next_waiting_ : event_.first_) = this;
      event_.last_ = this;
      linked_ = true;
      arm(deadline_);
    }
    // True when notified, false when the deadline passed.
    [[nodiscard]] bool await_resume() const noexcept { return notified_; }

   private:
    friend class Event;
    void wake() {
      notified_ = true;
      disarm();
      event_.loop_.post(*this);
    }
    void unlink() {
      if (!linked_) return;
      linked_ = false;
      (next_waiting_ != nullptr ? next_waiting_->previous_waiting_ : event_.last_) = previous_waiting_;
      (previous_waiting_ != nullptr ? previous_waiting_->next_waiting_ : event_.first_) = next_waiting_;
    }
    void turn_came() override {
      unlink();
      waiter_.resume();
    }
    void time_came() override { turn_came(); }
    Event& event_;
    Deadline deadline_;
    std::coroutine_handle<> waiter_;
    Wait* next_waiting_ = nullptr;
    Wait* previous_waiting_ = nullptr;
    bool linked_ = false;
    bool notified_ = false;
  };
  // co_await event.wait(deadline): the event must outlive its waiters.
  Wait wait(Deadline deadline) { return Wait(*this, deadline); }

 private:
  Loop& loop_;
  Wait* first_ = nullptr;
  Wait* last_ = nullptr;
};

// A task with a limit over all of it: nothing when the deadline passed first; the task was then destroyed. A
// task that suspended is followed in the turn after its end: views into buffers (Stream::read_some) are then
// no longer valid.
template <class T>
class with_deadline : Timer, Posted, task_detail::Finished {
 public:
  with_deadline(Loop& loop, Task<T> task, Deadline deadline)
      : Timer(loop), loop_(loop), task_(std::move(task)), deadline_(deadline) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    task_.handle().resume();
    if (task_.done()) return false;
    task_.handle().promise().owner = this;
    arm(deadline_);
    return true;
  }
  [[nodiscard]] std::optional<T> await_resume() {
    if (!task_.done() || !task_.handle()) return std::nullopt;
    return task_.handle().promise().take();
  }

 private:
  void time_came() override {
    task_.cancel();
    waiter_.resume();
  }
  void finished() noexcept override {
    disarm();
    loop_.post(*this);
  }
  void turn_came() override { waiter_.resume(); }
  Loop& loop_;
  Task<T> task_;
  Deadline deadline_;
  std::coroutine_handle<> waiter_;
};

}  // namespace postern::net
