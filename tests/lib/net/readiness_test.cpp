#include "lib/net/readiness.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "lib/net/scope.h"
#include "lib/net/socket.h"
#include "lib/net/stream.h"
#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

using namespace testing;

struct Tally {
  std::size_t bytes = 0;
  int ended = 0;     // by the peer
  int timeouts = 0;  // a wake-up was lost
};

// Reads as Stream does, by the rules of Readiness, until the peer has gone.
Task<void> read_to_end(Loop& loop, Fd fd, std::size_t most, Tally& tally) {
  Readiness readiness(loop, fd.get());
  for (;;) {
    if (readiness.may_read()) {
      const auto n = ::recv(fd.get(), loop.scratch(), most, MSG_DONTWAIT);
      if (n > 0) {
        tally.bytes += static_cast<std::size_t>(n);
        if (static_cast<std::size_t>(n) < most) readiness.drained();
        continue;
      }
      if (n == 0 || errno != EAGAIN) {
        ++tally.ended;
        co_return;
      }
      readiness.drained();
    }
    const bool ready = co_await readiness.readable(loop.in(seconds(8)));
    if (!ready) {
      ++tally.timeouts;
      co_return;
    }
  }
}

Task<void> note_room(Loop& loop, int fd, Deadline deadline, std::vector<int>& notes) {
  Readiness readiness(loop, fd);
  const bool ready = co_await readiness.writable(deadline);
  notes.push_back(ready ? 1 : 0);
}

std::size_t fill(const Fd& fd) {
  const std::string block(4096, 'x');
  std::size_t sum = 0;
  for (ssize_t n = 0; (n = ::send(fd.get(), block.data(), block.size(), MSG_NOSIGNAL)) > 0;) {
    sum += static_cast<std::size_t>(n);
  }
  return sum;
}

void reset_on_close(const Fd& fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

struct TcpPair {
  TcpPair() {
    auto listener = listen_on(*Endpoint::parse("127.0.0.1", 0), 16);
    REQUIRE(listener);
    const Endpoint to = local_endpoint(listener->get());
    theirs = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(theirs.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0);
    auto accepted = accept_from(listener->get());
    REQUIRE(accepted);
    ours = std::move(accepted->fd);
  }
  Fd ours;
  Fd theirs;
};

// Bursts of random sizes, pauses, and one of the ways to go.
void send_bursts(Fd fd, unsigned seed, bool tcp, std::atomic<std::size_t>& sent) {
  std::mt19937 random(seed);
  const std::string block(9000, 'x');
  for (unsigned burst = random() % 5; burst > 0; --burst) {
    const std::size_t size = random() % 3 == 0 ? 64u << (random() % 7) : 1 + random() % block.size();
    const auto n = ::send(fd.get(), block.data(), size, MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<std::size_t>(n);
    if (random() % 3 == 0) std::this_thread::yield();
    if (random() % 40 == 0) std::this_thread::sleep_for(microseconds(random() % 300));
  }
  if (tcp && random() % 3 == 0) reset_on_close(fd);
  if (random() % 3 == 0) ::shutdown(fd.get(), SHUT_WR);
}

void storm(bool tcp, unsigned threads, unsigned each) {
  Loop loop;
  Scope scope(loop);
  Tally tally;
  std::atomic<std::size_t> sent = 0;
  std::vector<std::thread> writers;
  unsigned seed = 1;
  for (unsigned t = 0; t < threads; ++t) {
    std::vector<Fd> peers;
    for (unsigned i = 0; i < each; ++i) {
      Fd ours;
      if (tcp) {
        TcpPair pair;
        ours = std::move(pair.ours);
        peers.push_back(std::move(pair.theirs));
      } else {
        Pair pair;
        ours = std::move(pair.ours);
        peers.push_back(std::move(pair.theirs));
        // Bytes that the peer leaves unread make its end an error at ours.
        if (i % 2 == 0) say(ours, "unread");
      }
      const std::size_t sizes[] = {64, 512, 4096, 16384};
      scope.spawn(read_to_end(loop, std::move(ours), sizes[seed++ % 4], tally));
    }
    writers.emplace_back([peers = std::move(peers), t, tcp, &sent]() mutable {
      unsigned number = t * 100'000;
      for (Fd& peer : peers) send_bursts(std::move(peer), ++number, tcp, sent);
    });
  }
  const auto limit = loop.in(seconds(60));
  while (scope.size() > 0 && loop.now() < limit) loop.turn(Loop::Wait::yes);
  for (auto& writer : writers) writer.join();
  CHECK(tally.timeouts == 0);
  CHECK(tally.ended == static_cast<int>(threads * each));
  if (!tcp) CHECK(tally.bytes == sent);  // a reset may throw away what was not yet read
  CHECK(loop.timers() == 0);
}

}  // namespace

TEST_CASE("data that arrives while nobody waits is remembered") {
  Loop loop;
  Pair pair;
  Readiness readiness(loop, pair.ours.get());
  CHECK(readiness.may_read());
  readiness.drained();
  {
    const auto wait = readiness.readable(loop.in(seconds(1)));  // registers, and nobody awaits it
  }
  loop.poll();
  CHECK_FALSE(readiness.may_read());
  say(pair.theirs, "x");
  loop.poll();
  CHECK(readiness.may_read());
}

TEST_CASE("data and the end that come together are both seen") {
  Loop loop;
  for (const bool registered : {false, true}) {
    Pair pair;
    Tally tally;
    Scope scope(loop);
    if (registered) scope.spawn(read_to_end(loop, std::move(pair.ours), 4096, tally));
    say(pair.theirs, "data");
    pair.theirs.reset();
    if (!registered) scope.spawn(read_to_end(loop, std::move(pair.ours), 4096, tally));
    loop.poll();
    CHECK(tally.bytes == 4);
    CHECK(tally.ended == 1);
  }
}

TEST_CASE("data and an error that come together are both seen") {
  // The peer goes with our bytes unread: a UNIX socket says ECONNRESET, which libevent does not call closed.
  Loop loop;
  Pair pair;
  Tally tally;
  Scope scope(loop);
  say(pair.ours, "unread");
  scope.spawn(read_to_end(loop, std::move(pair.ours), 4096, tally));
  loop.poll();
  say(pair.theirs, "data");
  pair.theirs.reset();
  loop.poll();
  CHECK(tally.bytes == 4);
  CHECK(tally.ended == 1);
}

TEST_CASE("data and a reset of TCP that come together end the reading") {
  Loop loop;
  TcpPair pair;
  Tally tally;
  Scope scope(loop);
  scope.spawn(read_to_end(loop, std::move(pair.ours), 4096, tally));
  loop.poll();
  say(pair.theirs, "data");
  reset_on_close(pair.theirs);
  pair.theirs.reset();
  loop.poll();
  CHECK(tally.ended == 1);
}

TEST_CASE("after waiting for room, a short read is trusted again with the next data") {
  Loop loop;
  Pair pair;
  Readiness readiness(loop, pair.ours.get());
  { const auto wait = readiness.readable(Deadline::max()); }
  { const auto wait = readiness.writable(Deadline::max()); }
  loop.poll();
  heard(pair.ours);
  say(pair.theirs, "x");
  loop.poll();
  readiness.drained();
  CHECK_FALSE(readiness.may_read());
}

TEST_CASE("a writer waits until there is room, or until its deadline") {
  Loop loop;
  loop.advance(seconds(0));
  Pair pair;
  const std::size_t size = fill(pair.ours);
  std::vector<int> notes;
  Task<void> patient = note_room(loop, pair.ours.get(), Deadline::max(), notes);
  patient.handle().resume();
  loop.advance(seconds(60));
  CHECK(notes.empty());
  CHECK(heard(pair.theirs).size() == size);
  loop.poll();
  CHECK(notes == std::vector<int>{1});
  fill(pair.ours);
  Task<void> hasty = note_room(loop, pair.ours.get(), loop.in(seconds(1)), notes);
  hasty.handle().resume();
  loop.advance(seconds(1));
  CHECK(notes == std::vector<int>{1, 0});
}

TEST_CASE("one Readiness serves many waits for room, some given up") {
  Loop loop;
  loop.advance(seconds(0));
  Pair pair;
  struct Rounds {
    static Task<void> run(Loop& loop, int fd, int& ready) {
      Readiness readiness(loop, fd);
      for (;;) {
        const bool room = co_await readiness.writable(loop.in(seconds(1)));
        if (room) co_return;
        ++ready;
      }
    }
  };
  fill(pair.ours);
  int given_up = 0;
  Task<void> task = Rounds::run(loop, pair.ours.get(), given_up);
  task.handle().resume();
  for (int i = 0; i < 5; ++i) loop.advance(seconds(1));
  CHECK(given_up == 5);
  heard(pair.theirs);
  loop.poll();
  CHECK(task.done());
}

TEST_CASE("thousands of UNIX connections with random bursts and ends lose no wake-up") {
  storm(false, 2, 2000);
}

TEST_CASE("thousands of TCP connections with random bursts, ends and resets lose no wake-up") {
  storm(true, 2, 1500);
}

}  // namespace postern::net
