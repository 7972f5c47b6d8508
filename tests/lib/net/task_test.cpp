#include "lib/net/task.h"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "lib/net/scope.h"
#include "lib/net/wait.h"
#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

using namespace testing;

Task<int> number(int value) { co_return value; }

Task<void> mark(bool& place) {
  place = true;
  co_return;
}

Task<void> hold(Counted) { co_return; }

// Can be moved and not copied, and knows how often it was moved.
struct Moved {
  Moved() = default;
  Moved(Moved&& other) noexcept : moves(other.moves + 1), name(std::move(other.name)) {}
  Moved(const Moved&) = delete;
  int moves = 0;
  std::string name;
};

Task<Moved> make_moved() {
  Moved made;
  made.name = "a name that is longer than what a string holds in itself";
  co_return made;
}

Task<std::string> name_of_moved() {
  auto moved = co_await make_moved();
  CHECK(moved.moves <= 4);
  co_return moved.name;
}

Task<int> deep(Loop& loop, int levels, bool suspend) {
  if (levels == 0) {
    if (suspend) {
      co_await next_turn(loop);
    }
    throw std::runtime_error("from the bottom");
  }
  const int below = co_await deep(loop, levels - 1, suspend);
  co_return below + 1;
}

Task<std::string> caught(Loop& loop, bool suspend) {
  std::string text;
  try {
    const int levels = co_await deep(loop, 50, suspend);
    text = std::to_string(levels);
  } catch (const std::runtime_error& thrown) {
    text = thrown.what();
  }
  // The coroutine is whole after the catch.
  const int more = co_await number(7);
  co_return text + " " + std::to_string(more);
}

Task<std::int64_t> sum_of_ready(int count) {
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const int value = co_await number(i);
    sum += value;
  }
  co_return sum;
}

Task<std::int64_t> sum_through_levels(int count) {
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const auto value = co_await sum_of_ready(2);
    sum += value;
  }
  co_return sum;
}

Task<int> nested_turns(Loop& loop, int levels) {
  if (levels == 0) {
    co_await next_turn(loop);
    co_return 0;
  }
  const int below = co_await nested_turns(loop, levels - 1);
  co_return below + 1;
}

Task<void> wait_holding(Loop& loop, Counted) { co_await sleep_until(loop, Deadline::max()); }

Task<void> outer_holding(Loop& loop, int& living) {
  const Counted local(living);
  co_await wait_holding(loop, Counted(living));
}

}  // namespace

TEST_CASE("a task does nothing before it is awaited") {
  bool ran = false;
  Task<void> task = mark(ran);
  CHECK_FALSE(ran);
  CHECK_FALSE(task.done());
  Loop loop;
  finish(loop, std::move(task));
  CHECK(ran);
}

TEST_CASE("a task that is never awaited destroys its arguments") {
  int living = 0;
  {
    const Task<void> task = hold(Counted(living));
    CHECK(living == 1);
  }
  CHECK(living == 0);
}

TEST_CASE("a moved task leaves an empty one behind, and moving onto a task cancels that") {
  int living = 0;
  Task<void> first = hold(Counted(living));
  Task<void> second = hold(Counted(living));
  CHECK(living == 2);
  second = std::move(first);
  CHECK(living == 1);
  CHECK(first.done());  // NOLINT(bugprone-use-after-move): empty is a state
  Task<void>& same = second;
  second = std::move(same);
  CHECK(living == 1);
  Loop loop;
  finish(loop, std::move(second));
  CHECK(living == 0);
}

TEST_CASE("a result is moved, never copied") {
  Loop loop;
  CHECK(finish(loop, name_of_moved()).size() > 40);
}

TEST_CASE("an exception comes up through fifty levels, suspended or not, and the catcher goes on") {
  Loop loop;
  CHECK(finish(loop, caught(loop, false)) == "from the bottom 7");
  CHECK(finish(loop, caught(loop, true)) == "from the bottom 7");
}

TEST_CASE("an exception that nobody catches reaches the root") {
  Loop loop;
  CHECK_THROWS_WITH_AS(finish(loop, deep(loop, 3, true)), "from the bottom", std::runtime_error);
}

TEST_CASE("a million awaits that are ready at once do not grow the stack") {
  Loop loop;
  CHECK(finish(loop, sum_of_ready(1'000'000)) == 499'999'500'000);
  CHECK(finish(loop, sum_through_levels(300'000)) == 300'000);
}

TEST_CASE("a result comes up through a thousand suspended levels") {
  Loop loop;
  CHECK(finish(loop, nested_turns(loop, 1000)) == 1000);
}

TEST_CASE("cancelling a task destroys the locals and arguments of all that it awaits") {
  Loop loop;
  int living = 0;
  Task<void> task = outer_holding(loop, living);
  CHECK(living == 0);
  task.handle().resume();
  CHECK(living >= 2);
  task.cancel();
  CHECK(living == 0);
  CHECK(task.done());
  task.cancel();
}

}  // namespace postern::net
