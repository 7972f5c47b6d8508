#include "lib/net/wait.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "lib/net/scope.h"
#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

using namespace testing;

Task<void> note_after(Loop& loop, Deadline when, std::vector<int>& notes, int number) {
  co_await sleep_until(loop, when);
  notes.push_back(number);
}

Task<void> note_event(Event& event, Deadline deadline, std::vector<int>& notes, int number) {
  const bool notified = co_await event.wait(deadline);
  notes.push_back(notified ? number : -number);
}

Task<int> after(Loop& loop, Deadline when, int value, int* living = nullptr) {
  std::optional<Counted> held;
  if (living != nullptr) held.emplace(*living);
  co_await sleep_until(loop, when);
  co_return value;
}

Task<int> throw_after(Loop& loop, Deadline when) {
  co_await sleep_until(loop, when);
  throw std::runtime_error("late trouble");
}

Task<int> at_once(int value) { co_return value; }

Task<std::optional<int>> limited(Loop& loop, Task<int> task, Deadline deadline) {
  auto result = co_await with_deadline<int>(loop, std::move(task), deadline);
  co_return result;
}

// Starts a task and keeps what came of it.
struct Started {
  explicit Started(Task<std::optional<int>> t) : task(keep(std::move(t), result)) { task.handle().resume(); }
  std::optional<std::optional<int>> result;
  Task<void> task;
};

}  // namespace

TEST_CASE("a sleep whose time has passed does not suspend") {
  Loop loop;
  loop.advance(seconds(0));
  std::vector<int> notes;
  Task<void> task = note_after(loop, loop.now(), notes, 1);
  task.handle().resume();
  CHECK(task.done());
  CHECK(loop.timers() == 0);
}

TEST_CASE("a cancelled sleep leaves no timer") {
  Loop loop;
  std::vector<int> notes;
  Task<void> task = note_after(loop, loop.in(seconds(5)), notes, 1);
  task.handle().resume();
  CHECK(loop.timers() == 1);
  task.cancel();
  CHECK(loop.timers() == 0);
}

TEST_CASE("notify wakes all who wait now, in the next turn, and nobody who comes later") {
  Loop loop;
  Event event(loop);
  Scope scope(loop);
  std::vector<int> notes;
  event.notify();
  scope.spawn(note_event(event, Deadline::max(), notes, 1));
  scope.spawn(note_event(event, Deadline::max(), notes, 2));
  event.notify();
  event.notify();
  CHECK(notes.empty());
  loop.poll();
  CHECK(notes == std::vector<int>{1, 2});
  scope.spawn(note_event(event, Deadline::max(), notes, 3));
  loop.poll();
  CHECK(notes.size() == 2);
  event.notify();
  loop.poll();
  CHECK(notes == std::vector<int>{1, 2, 3});
}

TEST_CASE("an event's waiter that is destroyed between notify and the turn is not resumed") {
  Loop loop;
  Event event(loop);
  std::vector<int> notes;
  Task<void> first = note_event(event, loop.in(seconds(1)), notes, 1);
  Task<void> second = note_event(event, loop.in(seconds(1)), notes, 2);
  Task<void> third = note_event(event, loop.in(seconds(1)), notes, 3);
  for (auto* task : {&first, &second, &third}) task->handle().resume();
  event.notify();
  second.cancel();
  loop.poll();
  CHECK(notes == std::vector<int>{1, 3});
  CHECK(loop.timers() == 0);
}

TEST_CASE("a waiter that wakes may destroy the next one") {
  Loop loop;
  Event event(loop);
  std::vector<int> notes;
  Task<void> victim;
  struct Killer {
    static Task<void> run(Event& event, Task<void>& other) {
      const bool notified = co_await event.wait(Deadline::max());
      if (notified) other.cancel();
    }
  };
  Task<void> killer = Killer::run(event, victim);
  victim = note_event(event, Deadline::max(), notes, 1);
  killer.handle().resume();
  victim.handle().resume();
  event.notify();
  loop.poll();
  CHECK(notes.empty());
}

TEST_CASE("an event's deadline and its notification exclude each other") {
  Loop loop;
  loop.advance(seconds(0));
  Event event(loop);
  Scope scope(loop);
  std::vector<int> notes;
  scope.spawn(note_event(event, loop.in(seconds(1)), notes, 1));
  scope.spawn(note_event(event, loop.in(seconds(3)), notes, 2));
  loop.advance(seconds(2));
  CHECK(notes == std::vector<int>{-1});
  event.notify();
  loop.advance(seconds(2));
  CHECK(notes == std::vector<int>{-1, 2});
  CHECK(scope.size() == 0);
}

TEST_CASE("with_deadline gives the result of a task that ends first") {
  Loop loop;
  loop.advance(seconds(0));
  Started limit(limited(loop, after(loop, loop.in(seconds(1)), 7), loop.in(seconds(2))));
  loop.advance(seconds(1));
  REQUIRE(limit.result);
  CHECK(*limit.result == 7);
  CHECK(loop.timers() == 0);
}

TEST_CASE("with_deadline of a task that does not suspend gives its result, even too late") {
  Loop loop;
  loop.advance(seconds(5));
  Started limit(limited(loop, at_once(7), loop.now() - seconds(1)));
  REQUIRE(limit.result);
  CHECK(*limit.result == 7);
}

TEST_CASE("with_deadline destroys a task that is late and gives nothing") {
  Loop loop;
  loop.advance(seconds(0));
  int living = 0;
  Started limit(limited(loop, after(loop, loop.in(seconds(2)), 7, &living), loop.in(seconds(1))));
  CHECK(living == 1);
  loop.advance(seconds(1));
  REQUIRE(limit.result);
  CHECK_FALSE(*limit.result);
  CHECK(living == 0);
  CHECK(loop.timers() == 0);
}

TEST_CASE("with_deadline of the same instant as the task's end gives one answer and leaves nothing") {
  Loop loop;
  loop.advance(seconds(0));
  Started limit(limited(loop, after(loop, loop.in(seconds(1)), 7), loop.in(seconds(1))));
  loop.advance(seconds(1));
  CHECK(limit.result);
  CHECK(loop.timers() == 0);
}

TEST_CASE("with_deadline passes an exception on") {
  Loop loop;
  CHECK_THROWS_AS(finish(loop, limited(loop, throw_after(loop, loop.now()), loop.in(seconds(1)))),
                  std::runtime_error);
  CHECK_THROWS_AS(
      finish(loop, limited(loop, throw_after(loop, loop.in(milliseconds(2))), loop.in(seconds(5)))),
      std::runtime_error);
}

TEST_CASE("with_deadline that is destroyed while waiting, or between end and turn, takes its task along") {
  Loop loop;
  loop.advance(seconds(0));
  int living = 0;
  {
    Started waiting(limited(loop, after(loop, loop.in(seconds(2)), 7, &living), loop.in(seconds(3))));
    CHECK(living == 1);
    CHECK(loop.timers() == 2);
  }
  CHECK(living == 0);
  CHECK(loop.timers() == 0);
  class CancelSoon : public Timer {
   public:
    CancelSoon(Loop& loop, Task<void>& task) : Timer(loop), task_(task) {}

   private:
    void time_came() override { task_.cancel(); }
    Task<void>& task_;
  };
  Started ended(limited(loop, after(loop, loop.in(seconds(1)), 7, &living), loop.in(seconds(9))));
  CancelSoon cancel(loop, ended.task);
  cancel.arm(loop.in(seconds(1)) + microseconds(1));  // in the turn in which the task ends, after it
  loop.advance(seconds(2));
  CHECK_FALSE(ended.result);
  CHECK(living == 0);
}

}  // namespace postern::net
