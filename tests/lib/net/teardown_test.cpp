// Nothing is left of a coroutine that is destroyed while it waits, whatever it waits for.
#include "tests/lib/net/teardown.h"

#include <doctest/doctest.h>

#include "lib/net/socket.h"
#include "lib/net/stream.h"
#include "lib/net/wait.h"
#include "lib/net/workers.h"
#include "tests/lib/base/temporary_directory.h"

namespace postern::net {

namespace {

using namespace testing;

// A peer that says one byte a turn.
struct Talk {
  explicit Talk(Loop& l) : loop(l), stream(loop, std::move(pair.ours)) {}
  void step(int turn) {
    const std::string_view text = "one\r\ntwo\r\n";
    const auto at = static_cast<std::size_t>(turn);
    if (at < text.size()) say(pair.theirs, text.substr(at, 1));
    if (at == text.size()) pair.theirs.reset();
  }
  Loop& loop;
  Pair pair;
  Stream stream;
};

struct ReadLines : Talk {
  using Talk::Talk;
  Task<void> act() {
    for (;;) {
      stream.put("hello\r\n");
      auto line = co_await stream.read_line(100, loop.in(seconds(50)));
      if (!line) co_return;
    }
  }
};

struct ReadSome : Talk {
  using Talk::Talk;
  Task<void> act() {
    for (;;) {
      auto some = co_await stream.read_some(loop.in(seconds(50)));
      if (!some) co_return;
    }
  }
};

struct SkipUnderDeadline : Talk {
  using Talk::Talk;
  Task<void> act() {
    for (;;) {
      Task<Result<void>> skip = stream.skip_line(loop.in(seconds(50)));
      auto skipped = co_await with_deadline<Result<void>>(loop, std::move(skip), loop.in(seconds(60)));
      if (!skipped || !*skipped) co_return;
    }
  }
};

// A peer that reads a little every other turn.
struct WriteMuch {
  explicit WriteMuch(Loop& l) : loop(l), stream(loop, std::move(pair.ours)) {}
  void step(int turn) {
    if (turn % 2 == 1) heard(pair.theirs);
  }
  Task<void> act() {
    const std::string large(1'000'000, 'x');
    auto written = co_await stream.write(large, loop.in(seconds(50)));
    CHECK(written);
    stream.put(large);
    auto flushed = co_await stream.flush(loop.in(seconds(50)));
    CHECK(flushed);
  }
  Loop& loop;
  Pair pair;
  Stream stream;
};

struct Connect {
  explicit Connect(Loop& l) : loop(l) {
    endpoint = *Endpoint::unix_path(directory.path("socket"));
    full = *listen_on(endpoint, 0);
    inet = *listen_on(*Endpoint::parse("127.0.0.1", 0), 5);
  }
  void step(int turn) {
    std::this_thread::sleep_for(microseconds(500));
    if (turn == 6) accepted = std::move(accept_from(full.get())->fd);
  }
  Task<void> act() {
    auto first = co_await connect_to(loop, endpoint, loop.in(seconds(50)));
    CHECK(first);
    auto second = co_await connect_to(loop, endpoint, loop.in(seconds(50)));
    CHECK(second);
    auto third = co_await connect_to(loop, local_endpoint(inet.get()), loop.in(seconds(50)));
    CHECK(third);
  }
  Loop& loop;
  TemporaryDirectory directory;
  Endpoint endpoint;
  Fd full;
  Fd inet;
  Fd accepted;
};

struct SleepAndWait {
  explicit SleepAndWait(Loop& l) : loop(l), event(loop), scope(loop) { loop.advance(seconds(0)); }
  void step(int turn) {
    if (turn % 3 == 1) event.notify();
    if (turn % 3 == 2) loop.advance(milliseconds(10));
  }
  Task<bool> nap() {
    co_await sleep_until(loop, loop.in(milliseconds(25)));
    co_return true;
  }
  Task<void> act() {
    co_await sleep_until(loop, loop.in(milliseconds(25)));
    const bool notified = co_await event.wait(loop.in(seconds(9)));
    CHECK(notified);
    auto late = co_await with_deadline<bool>(loop, nap(), loop.in(milliseconds(15)));
    CHECK_FALSE(late);
    auto early = co_await with_deadline<bool>(loop, nap(), loop.in(milliseconds(45)));
    CHECK(early);
    co_await next_turn(loop);
    scope.spawn(nap_alone());
    const bool drained = co_await scope.drained(loop.in(seconds(9)));
    CHECK(drained);
  }
  Task<void> nap_alone() { co_await sleep_until(loop, loop.in(milliseconds(25))); }
  Loop& loop;
  Event event;
  Scope scope;
};

struct Work {
  explicit Work(Loop& l) : loop(l), workers(loop, 2) {}
  void step(int) { std::this_thread::sleep_for(microseconds(200)); }
  Task<void> act() {
    for (int i = 0; i < 5; ++i) {
      std::function<std::string()> work = [] {
        std::this_thread::sleep_for(microseconds(300));
        return std::string(1000, 'x');
      };
      const std::string done = co_await workers.run<std::string>(std::move(work));
      CHECK(done.size() == 1000);
    }
  }
  Loop& loop;
  Workers workers;
};

}  // namespace

TEST_CASE("reading lines can be torn down anywhere") { CHECK(tear_down_everywhere<ReadLines>() >= 10); }

TEST_CASE("reading blocks can be torn down anywhere") { CHECK(tear_down_everywhere<ReadSome>() >= 10); }

TEST_CASE("a limited task can be torn down anywhere") {
  CHECK(tear_down_everywhere<SkipUnderDeadline>() >= 10);
}

TEST_CASE("writing to a slow peer can be torn down anywhere") {
  CHECK(tear_down_everywhere<WriteMuch>() >= 5);
}

TEST_CASE("connecting can be torn down anywhere") { CHECK(tear_down_everywhere<Connect>() >= 6); }

TEST_CASE("sleeping, waiting for an event and waiting for a scope can be torn down anywhere") {
  CHECK(tear_down_everywhere<SleepAndWait>() >= 6);
}

TEST_CASE("waiting for a thread can be torn down anywhere") { CHECK(tear_down_everywhere<Work>() >= 5); }

}  // namespace postern::net
