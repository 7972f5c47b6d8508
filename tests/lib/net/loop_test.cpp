#include "lib/net/loop.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <thread>

#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

using namespace testing;

class Ring : public Timer {
 public:
  Ring(Loop& loop, std::vector<int>& rung, int number) : Timer(loop), rung_(rung), number_(number) {}

 private:
  void time_came() override { rung_.push_back(number_); }
  std::vector<int>& rung_;
  int number_;
};

class Note : public Posted {
 public:
  Note(std::vector<int>& notes, int number) : notes_(notes), number_(number) {}

 private:
  void turn_came() override { notes_.push_back(number_); }
  std::vector<int>& notes_;
  int number_;
};

}  // namespace

TEST_CASE("timers come in the order of their times, not of their arming") {
  Loop loop;
  loop.advance(seconds(0));
  std::vector<int> rung;
  Ring first(loop, rung, 1);
  Ring second(loop, rung, 2);
  Ring third(loop, rung, 3);
  third.arm(loop.in(seconds(3)));
  first.arm(loop.in(seconds(1)));
  second.arm(loop.in(seconds(2)));
  CHECK(loop.timers() == 3);
  loop.advance(milliseconds(999));
  CHECK(rung.empty());
  loop.advance(milliseconds(1));
  CHECK(rung == std::vector<int>{1});
  CHECK_FALSE(first.is_armed());
  loop.advance(seconds(5));
  CHECK(rung == std::vector<int>{1, 2, 3});
  CHECK(loop.timers() == 0);
}

TEST_CASE("arming again replaces the earlier time; disarming and destroying take it away") {
  Loop loop;
  loop.advance(seconds(0));
  std::vector<int> rung;
  Ring moved(loop, rung, 1);
  Ring disarmed(loop, rung, 2);
  auto destroyed = std::make_unique<Ring>(loop, rung, 3);
  moved.arm(loop.in(seconds(1)));
  moved.arm(loop.in(seconds(10)));
  disarmed.arm(loop.in(seconds(1)));
  disarmed.disarm();
  disarmed.disarm();
  destroyed->arm(loop.in(seconds(1)));
  destroyed.reset();
  loop.advance(seconds(9));
  CHECK(rung.empty());
  loop.advance(seconds(1));
  CHECK(rung == std::vector<int>{1});
}

TEST_CASE("the deadline that never comes is not armed at all") {
  Loop loop;
  std::vector<int> rung;
  Ring never(loop, rung, 1);
  never.arm(loop.in(seconds(1)));
  never.arm(Deadline::max());
  CHECK_FALSE(never.is_armed());
  CHECK(loop.timers() == 0);
}

TEST_CASE("a hundred thousand random timers come as a plain list says") {
  Loop loop;
  loop.advance(seconds(0));
  constexpr int kCount = 100'000;
  std::mt19937 random(7);
  std::vector<int> rung;
  std::vector<std::unique_ptr<Ring>> timers;
  std::vector<std::optional<int>> due(kCount);  // milliseconds
  const Instant start = loop.now();
  for (int i = 0; i < kCount; ++i) timers.push_back(std::make_unique<Ring>(loop, rung, i));
  for (int change = 0; change < 3 * kCount; ++change) {
    const auto i = random() % kCount;
    if (random() % 4 == 0) {
      timers[i]->disarm();
      due[i].reset();
    } else {
      due[i] = static_cast<int>(random() % 50'000);
      timers[i]->arm(start + milliseconds(*due[i]));
    }
  }
  for (int ms = 0; ms < 50'000; ms += 5000) loop.advance(ms == 0 ? milliseconds(0) : milliseconds(5000));
  loop.advance(milliseconds(5000));
  CHECK(loop.timers() == 0);
  const auto armed = std::count_if(due.begin(), due.end(), [](const auto& time) { return time.has_value(); });
  REQUIRE(rung.size() == static_cast<std::size_t>(armed));
  const auto time_of = [&](int i) { return due[static_cast<std::size_t>(i)].value_or(-1); };
  CHECK(std::is_sorted(rung.begin(), rung.end(), [&](int a, int b) { return time_of(a) < time_of(b); }));
  std::sort(rung.begin(), rung.end());
  CHECK(std::adjacent_find(rung.begin(), rung.end()) == rung.end());
  CHECK(std::all_of(rung.begin(), rung.end(), [&](int i) { return time_of(i) >= 0; }));
}

TEST_CASE("with the real clock a timer never comes early") {
  Loop loop;
  std::vector<int> rung;
  Ring ring(loop, rung, 1);
  const Instant due = loop.in(milliseconds(20));
  ring.arm(due);
  while (rung.empty()) loop.turn(Loop::Wait::yes);
  CHECK(std::chrono::steady_clock::now() >= due);
}

TEST_CASE("what is posted comes once, in order; what posts again comes again; what was destroyed does not") {
  Loop loop;
  std::vector<int> notes;
  Note first(notes, 1);
  Note second(notes, 2);
  auto destroyed = std::make_unique<Note>(notes, 3);
  loop.post(first);
  loop.post(*destroyed);
  loop.post(second);
  loop.post(first);
  CHECK(first.is_posted());
  destroyed.reset();
  loop.poll();
  CHECK(notes == std::vector<int>{1, 2});
  loop.post(second);
  loop.post([&] { loop.post(first); });
  loop.poll();
  CHECK(notes == std::vector<int>{1, 2, 2, 1});
}

TEST_CASE("one that is posted may destroy the next") {
  Loop loop;
  std::vector<int> notes;
  auto victim = std::make_unique<Note>(notes, 1);
  loop.post([&] { victim.reset(); });
  loop.post(*victim);
  loop.poll();
  CHECK(notes.empty());
}

TEST_CASE("a loop that dies forgets what was posted, and functions are destroyed") {
  int living = 0;
  {
    std::vector<int> notes;
    Note note(notes, 1);
    {
      Loop loop;
      loop.post(note);
      auto held = std::make_shared<Counted>(living);
      loop.post([held] {});
      loop.post_from_thread([held] {});
    }
    CHECK_FALSE(note.is_posted());
    CHECK(notes.empty());
  }
  CHECK(living == 0);
}

TEST_CASE("stop ends a loop at once: from a posted function, from a timer, before it runs") {
  Loop loop;
  loop.post([&] { loop.stop(); });
  loop.run();
  class Stop : public Timer {
   public:
    explicit Stop(Loop& loop) : Timer(loop), loop_(loop) {}

   private:
    void time_came() override { loop_.stop(); }
    Loop& loop_;
  } stop(loop);
  stop.arm(loop.in(milliseconds(1)));
  loop.run();
  loop.stop();
  loop.run();
}

TEST_CASE("hooks run before each sleep, and what they post comes before it") {
  Loop loop;
  std::vector<int> notes;
  Note note(notes, 1);
  bool once = true;
  loop.before_sleep([&] {
    if (std::exchange(once, false)) loop.post(note);
  });
  loop.turn(Loop::Wait::yes);  // would sleep for ever if the hook's post were missed
  loop.poll();
  CHECK(notes == std::vector<int>{1});
}

TEST_CASE("other threads post into the loop, and none is lost") {
  Loop loop;
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) loop.post_from_thread([&] { ++count; });
    });
  }
  while (count < kThreads * kEach) loop.turn(Loop::Wait::yes);
  for (auto& thread : threads) thread.join();
  CHECK(count == kThreads * kEach);
}

TEST_CASE("a signal calls its function in the loop") {
  Loop loop;
  int count = 0;
  loop.on_signal(SIGUSR1, [&] { ++count; });
  ::raise(SIGUSR1);
  loop.poll();
  ::raise(SIGUSR1);
  loop.poll();
  CHECK(count == 2);
}

TEST_CASE("the lag of a turn counts the work that events caused") {
  Loop loop;
  loop.on_signal(SIGUSR1, [&] { std::this_thread::sleep_for(milliseconds(30)); });
  ::raise(SIGUSR1);
  loop.turn(Loop::Wait::yes);
  loop.turn(Loop::Wait::no);
  CHECK(loop.last_turn() >= milliseconds(30));
  loop.turn(Loop::Wait::no);
  CHECK(loop.last_turn() < milliseconds(30));
}

}  // namespace postern::net
