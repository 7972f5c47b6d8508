#include "lib/net/scope.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

using namespace testing;

Task<void> sleep_holding(Loop& loop, Deadline when, Counted) { co_await sleep_until(loop, when); }

Task<void> fail_at_once() {
  throw std::runtime_error("a bug");
  co_return;
}

Task<void> spawn_more(Scope& scope, Loop& loop, int levels, int& count) {
  ++count;
  if (levels > 0) {
    scope.spawn(spawn_more(scope, loop, levels - 1, count));
    scope.spawn(spawn_more(scope, loop, levels - 1, count));
  }
  co_await next_turn(loop);
}

Task<void> keep_drained(Scope& scope, Deadline deadline, std::optional<bool>& place) {
  const bool drained = co_await scope.drained(deadline);
  place = drained;
}

}  // namespace

TEST_CASE("a spawned task starts at once and is destroyed in the turn after its end") {
  Loop loop;
  loop.advance(seconds(0));
  int living = 0;
  Scope scope(loop);
  scope.spawn(sleep_holding(loop, loop.in(seconds(1)), Counted(living)));
  CHECK(scope.size() == 1);
  CHECK(living == 1);
  scope.spawn(sleep_holding(loop, loop.now(), Counted(living)));
  CHECK(scope.size() == 1);
  CHECK(living == 2);  // it has ended, but nobody destroys what may still be running
  loop.poll();
  CHECK(living == 1);
  loop.advance(seconds(1));
  CHECK(scope.size() == 0);
  CHECK(living == 0);
}

TEST_CASE("a scope that dies takes its tasks along, ended or not") {
  Loop loop;
  int living = 0;
  {
    Scope scope(loop);
    for (int i = 0; i < 100; ++i) {
      scope.spawn(sleep_holding(loop, loop.in(seconds(i % 2 == 0 ? 0 : 5)), Counted(living)));
    }
    CHECK(living == 100);
  }
  CHECK(living == 0);
  CHECK(loop.timers() == 0);
  loop.poll();
}

TEST_CASE("cancel destroys all tasks, tells who waits for the end, and the scope can be used again") {
  Loop loop;
  int living = 0;
  Scope scope(loop);
  std::optional<bool> drained;
  Task<void> waiter = keep_drained(scope, Deadline::max(), drained);
  scope.spawn(sleep_holding(loop, Deadline::max(), Counted(living)));
  waiter.handle().resume();
  scope.cancel();
  CHECK(living == 0);
  CHECK(scope.size() == 0);
  loop.poll();
  CHECK(drained == true);
  scope.spawn(sleep_holding(loop, Deadline::max(), Counted(living)));
  CHECK(scope.size() == 1);
}

TEST_CASE("drained waits for the last task, or for its deadline") {
  Loop loop;
  loop.advance(seconds(0));
  int living = 0;
  Scope scope(loop);
  std::optional<bool> empty;
  std::optional<bool> early;
  std::optional<bool> late;
  Task<void> first = keep_drained(scope, Deadline::max(), empty);
  first.handle().resume();
  CHECK(empty == true);
  scope.spawn(sleep_holding(loop, loop.in(seconds(1)), Counted(living)));
  scope.spawn(sleep_holding(loop, loop.in(seconds(4)), Counted(living)));
  Task<void> second = keep_drained(scope, loop.in(seconds(2)), early);
  Task<void> third = keep_drained(scope, loop.in(seconds(9)), late);
  second.handle().resume();
  third.handle().resume();
  loop.advance(seconds(3));
  CHECK(early == false);
  CHECK_FALSE(late);
  loop.advance(seconds(1));
  CHECK(late == true);
}

TEST_CASE("an exception ends one task and no other") {
  Loop loop;
  loop.advance(seconds(0));
  int living = 0;
  Scope scope(loop);
  scope.spawn(sleep_holding(loop, loop.in(seconds(1)), Counted(living)));
  scope.spawn(fail_at_once());
  CHECK(scope.size() == 1);
  loop.poll();
  CHECK(scope.size() == 1);
  CHECK(living == 1);
}

TEST_CASE("tasks may spawn into the scope that holds them") {
  Loop loop;
  Scope scope(loop);
  int count = 0;
  scope.spawn(spawn_more(scope, loop, 8, count));
  loop.poll();
  CHECK(count == 511);
  CHECK(scope.size() == 0);
}

}  // namespace postern::net
