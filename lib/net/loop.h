// The loop of a process: readiness and signals from libevent, timers, and things to do in the next turn. One
// thread owns a loop; only post_from_thread() may be called by others.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/time.h"

struct event_base;

namespace postern::net {

class Loop;

// Something that happens in the next turn of the loop. It may be destroyed at any time before that.
class Posted {
 public:
  Posted() = default;
  Posted(const Posted&) = delete;
  Posted& operator=(const Posted&) = delete;
  bool is_posted() const { return next_ != nullptr; }

 protected:
  virtual ~Posted() { unpost(); }
  virtual void turn_came() = 0;
  void unpost();

 private:
  friend class Loop;
  Posted* next_ = nullptr;
  Posted* previous_ = nullptr;
};

// Something that happens when its time has come. It may be destroyed at any time; that disarms it.
class Timer {
 public:
  explicit Timer(Loop& loop) : loop_(loop) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Arms for `when`, in place of an earlier time. Deadline::max() never comes and costs nothing.
  void arm(Deadline when);
  void disarm();
  bool is_armed() const { return position_ != kNowhere; }

 protected:
  virtual ~Timer() { disarm(); }
  virtual void time_came() = 0;

 private:
  friend class Loop;
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  Loop& loop_;
  Deadline when_{};
  std::size_t position_ = kNowhere;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs turns until stop() is called, which may have been before.
  void run();
  void stop() { stopped_ = true; }
  // One turn: waits until something happens (or not at all), and lets it.
  enum class Wait { yes, no };
  void turn(Wait wait);
  // For tests: turns, without waiting, until nothing more can happen now.
  void poll();

  // The steady clock; in tests the clock that advance() moves.
  Instant now() const;
  // Deadline a duration from now.
  Deadline in(Duration duration) const { return now() + duration; }
  // The first moment that is not before `when` and that others choose too: where many wait, and a little longer does no
  // harm, the loop wakes once for all of them.
  static constexpr milliseconds kTick{5};
  static Deadline tick(Deadline when, Duration every = kTick) {
    const auto over = when.time_since_epoch() % every;
    return over == Duration::zero() ? when : when + (every - over);
  }
  // For tests: from here on the clock stands still, and moves only here. Timers that come due fire.
  void advance(Duration duration);

  void post(Posted& what);
  // Runs a function in the next turn.
  void post(std::function<void()> function);
  // The same from any thread; wakes the loop.
  void post_from_thread(std::function<void()> function);
  // A function to run each time before the loop sleeps, and before each round of what was posted: to write what has
  // gathered. It is called often and should be quick when there is nothing.
  void before_sleep(std::function<void()> function) { hooks_.push_back(std::move(function)); }
  // Calls a function, in the loop, when the signal arrives.
  void on_signal(int number, std::function<void()> function);

  // How long the last turn worked between two sleeps: its lag for everybody who waited.
  Duration last_turn() const { return last_turn_; }

  // Timers that are armed.
  std::size_t timers() const { return timers_.size(); }

  event_base* base() { return base_; }
  // A large buffer for one system call; its content lasts until the next use by anybody.
  static constexpr std::size_t kScratch = 256 * 1024;
  char* scratch() { return scratch_.get(); }
  // Callbacks from libevent say first that something happened: for poll(), and to see when a turn's work
  // began.
  void count_activity();

 private:
  friend class Timer;
  struct Signal;
  struct Alarm;
  struct Wakeup;
  struct Once;

  void run_posted();
  void fire_timers();
  void arm_alarm();
  void run_hooks();
  void run_threads_posts();
  void heap_up(std::size_t at);
  void heap_down(std::size_t at);
  void heap_put(std::size_t at, Timer* timer);

  event_base* base_;
  std::unique_ptr<Alarm> alarm_;
  std::unique_ptr<Wakeup> wakeup_;
  std::vector<std::unique_ptr<Signal>> signals_;
  std::vector<std::function<void()>> hooks_;
  std::vector<Timer*> timers_;  // a binary heap, the earliest first
  struct List : Posted {
    void turn_came() override {}
  } posted_;
  std::mutex mutex_;
  std::vector<std::function<void()>> from_threads_;
  std::unique_ptr<char[]> scratch_;
  std::uint64_t activity_ = 0;
  Duration last_turn_{};
  Instant woke_{};
  bool asleep_ = false;
  bool stopped_ = false;
  bool test_clock_ = false;
  Instant test_now_{};
};

}  // namespace postern::net
