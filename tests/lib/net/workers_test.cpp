#include "lib/net/workers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>

#include "lib/net/scope.h"
#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

using namespace testing;

Task<void> add(Workers& workers, int value, std::int64_t& sum, Loop& loop) {
  std::function<int()> work = [value] { return value; };
  const int result = co_await workers.run<int>(std::move(work));
  CHECK(&loop != nullptr);
  sum += result;
}

// Lets threads wait until the test lets them go.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [this] { return open_; });
  }
  int waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

Task<void> run(Workers& workers, std::function<int()> work, std::optional<int>& place) {
  const int result = co_await workers.run<int>(std::move(work));
  place = result;
}

}  // namespace

TEST_CASE("functions run on threads, and each result goes to who asked") {
  Loop loop;
  Workers workers(loop, 3);
  Scope scope(loop);
  std::int64_t sum = 0;
  for (int i = 0; i < 2000; ++i) scope.spawn(add(workers, i, sum, loop));
  turn_until(loop, [&] { return scope.size() == 0; });
  CHECK(sum == 1'999'000);
}

TEST_CASE("the function runs on another thread, the coroutine goes on in the loop's") {
  Loop loop;
  Workers workers(loop, 1);
  std::optional<int> place;
  const auto here = std::this_thread::get_id();
  std::thread::id there;
  finish(loop, run(
                   workers,
                   [&] {
                     there = std::this_thread::get_id();
                     return 1;
                   },
                   place));
  CHECK(place == 1);
  CHECK(there != here);
}

TEST_CASE("what a function throws is thrown in who asked") {
  Loop loop;
  Workers workers(loop, 1);
  std::optional<int> place;
  CHECK_THROWS_WITH_AS(
      finish(loop, run(
                       workers, []() -> int { throw std::runtime_error("disk on fire"); }, place)),
      "disk on fire", std::runtime_error);
  finish(loop, run(
                   workers, [] { return 2; }, place));
  CHECK(place == 2);
}

TEST_CASE("a result that nobody waits for any more is dropped") {
  Loop loop;
  Gate gate;
  std::atomic<int> ran = 0;
  std::optional<int> place;
  {
    Workers workers(loop, 1);
    Task<void> task = run(
        workers,
        [&] {
          gate.pass();
          return ++ran;
        },
        place);
    task.handle().resume();
    turn_until(loop, [&] { return gate.waiting() == 1; });
    task.cancel();
    gate.open();
  }
  loop.poll();
  CHECK(ran == 1);
  CHECK_FALSE(place);
}

TEST_CASE("a pool that dies waits for what runs and drops what has not started") {
  Loop loop;
  Gate gate;
  std::atomic<int> ran = 0;
  int living = 0;
  std::optional<int> places[5];
  {
    Scope scope(loop);
    {
      Workers workers(loop, 1);
      for (auto& place : places) {
        auto held = std::make_shared<Counted>(living);
        scope.spawn(run(
            workers,
            [&gate, &ran, held] {
              gate.pass();
              return ++ran;
            },
            place));
      }
      turn_until(loop, [&] { return gate.waiting() == 1; });
      loop.post_from_thread([&] { gate.open(); });
      std::thread opener([&] { gate.open(); });
      opener.join();
    }
    loop.poll();
    CHECK(ran >= 1);
    CHECK(places[0] == 1);
  }
  CHECK(living == 0);
}

}  // namespace postern::net
