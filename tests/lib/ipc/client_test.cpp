#include "lib/ipc/client.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <deque>

#include "tests/lib/ipc/service.h"
#include "tests/lib/net/teardown.h"

namespace postern::ipc {

namespace {

using namespace testing;
using namespace std::string_literals;
using net::Loop;
using net::Scope;
using net::Task;
using net::testing::heard;
using net::testing::open_descriptors;
using net::testing::say;
using net::testing::tear_down_everywhere;
using net::testing::turn_until;

Fd null_file() { return *open_file("/dev/null", O_RDONLY); }

dev_t device(const Fd& fd) {
  struct stat status {};
  REQUIRE(::fstat(fd.get(), &status) == 0);
  return status.st_rdev;
}

struct Scene {
  explicit Scene(int backlog = 100) : service(loop, backlog), client(loop, service.path()) {
    loop.advance(seconds(0));
  }
  Deadline soon() const { return loop.in(seconds(10)); }
  Loop loop;
  Service service;
  Client client;
};

// A scene in which the test plays the service.
struct Played : Scene {
  Played() : asked(client, wish(1), soon()) {
    peer = service.accept_one();
    loop.poll();
    REQUIRE(heard(peer).substr(0, kGreeting.size()) == kGreeting);
  }
  Asked asked;
  Fd peer;
};

}  // namespace

TEST_CASE("a thousand questions side by side get their own answers, the last one first") {
  Scene scene;
  scene.service.open();
  std::deque<Asked> asked;
  for (int i = 0; i < 1000; ++i) asked.emplace_back(scene.client, wish(i, 1000 - i), scene.soon());
  scene.loop.poll();
  scene.loop.advance(milliseconds(500));
  CHECK_FALSE(asked[499].answer);
  CHECK(asked[500].answer);
  CHECK(scene.client.waiting() == 500);
  for (int i = 0; i < 500; ++i) scene.loop.advance(milliseconds(1));
  for (int i = 0; i < 1000; ++i) {
    const auto& answer = asked[static_cast<std::size_t>(i)].answer;
    REQUIRE(answer);
    REQUIRE(*answer);
    CHECK((*answer)->number == i);
  }
  CHECK(scene.client.waiting() == 0);
  CHECK(scene.service.connections() == 2);  // one connection, and who accepts
}

TEST_CASE("bodies and descriptors come back with the answer they belong to") {
  Scene scene;
  scene.service.open();
  std::deque<Asked> asked;
  for (int i = 0; i < 60; ++i) {
    Wish with = wish(i, i % 7, i * 10'000);
    with.body_text = std::to_string(i) + "\n\0="s;
    if (i % 3 == 0) with.file = null_file();
    if (i % 3 == 1) with.file = *open_file("/dev/zero", O_RDONLY);
    asked.emplace_back(scene.client, std::move(with), scene.soon());
  }
  for (int i = 0; i < 10; ++i) scene.loop.advance(milliseconds(1));
  const dev_t null = device(null_file());
  for (int i = 0; i < 60; ++i) {
    const auto& answer = asked[static_cast<std::size_t>(i)].answer;
    REQUIRE(answer);
    REQUIRE(*answer);
    CHECK((*answer)->body_text ==
          std::to_string(i) + "\n\0="s + std::string(static_cast<std::size_t>(i) * 10'000, 'g'));
    CHECK(bool((*answer)->file) == (i % 3 != 2));
    if (i % 3 != 2) CHECK((device((*answer)->file) == null) == (i % 3 == 0));
  }
}

TEST_CASE("nobody listens: not_found; later somebody does") {
  Loop loop;
  Client client(loop, "/nonexistent/service");
  Asked asked(client, wish(1), loop.in(seconds(1)));
  loop.poll();
  CHECK(asked.error() == Errc::not_found);
  CHECK_FALSE(client.is_connected());
  Client longer(loop, std::string(200, 'p'));
  Asked refused(longer, wish(1), loop.in(seconds(1)));
  loop.poll();
  CHECK(refused.error() == Errc::too_long);
}

TEST_CASE("a service that dies in mid-answer: all who wait hear lost, and the next question connects again") {
  Played scene;
  Asked second(scene.client, wish(2), scene.soon());
  scene.loop.poll();
  say(scene.peer, "grant 1 9 100000 0\nnumber=1\n\nhalf of the bo");
  scene.loop.poll();
  CHECK_FALSE(scene.asked.answer);
  scene.peer.reset();
  scene.loop.poll();
  CHECK(scene.asked.error() == Errc::lost);
  CHECK(second.error() == Errc::lost);
  CHECK_FALSE(scene.client.is_connected());
  scene.service.open();
  Asked third(scene.client, wish(3), scene.soon());
  scene.loop.poll();
  REQUIRE(third.answer);
  CHECK(*third.answer);
}

TEST_CASE("a service that dies with questions unread answers what it answered, and the others hear lost") {
  Played scene;
  Asked second(scene.client, wish(2), scene.soon());
  scene.loop.turn(Loop::Wait::no);  // leaves, and stays unread
  say(scene.peer, "grant 1 9 0 0\nnumber=1\n\n");
  scene.peer.reset();
  scene.loop.poll();
  REQUIRE(scene.asked.answer);
  CHECK(*scene.asked.answer);
  CHECK(second.error() == Errc::lost);
}

TEST_CASE("a service that leaves still answers what it was asked; the next question goes to its successor") {
  Played scene;
  say(scene.peer, "leaving 0 0 0 0\n\n");
  scene.loop.poll();
  CHECK_FALSE(scene.client.is_connected());
  CHECK_FALSE(scene.asked.answer);
  Asked second(scene.client, wish(2), scene.soon());
  Fd successor = scene.service.accept_one();
  scene.loop.poll();
  CHECK(heard(successor).find("number=2\n") != std::string::npos);
  say(scene.peer, "grant 1 9 0 0\nnumber=1\n\n");
  scene.loop.poll();
  REQUIRE(scene.asked.answer);
  CHECK(*scene.asked.answer);
  char end = 0;
  CHECK(::recv(scene.peer.get(), &end, 1, MSG_DONTWAIT) == 0);  // the client has gone, having its answer
  CHECK_FALSE(second.answer);
  say(successor, "grant 2 9 0 0\nnumber=2\n\n");
  scene.loop.poll();
  REQUIRE(second.answer);
  CHECK(*second.answer);
}

TEST_CASE("a service that leaves while nobody asks is left at once") {
  Played scene;
  say(scene.peer, "grant 1 9 0 0\nnumber=1\n\n");
  say(scene.peer, "leaving 0 0 0 0\n\n");
  scene.loop.poll();
  REQUIRE(scene.asked.answer);
  CHECK(*scene.asked.answer);
  char end = 0;
  CHECK(::recv(scene.peer.get(), &end, 1, MSG_DONTWAIT) == 0);
}

TEST_CASE("an answer that is late is dropped with its descriptor, and disturbs nobody") {
  Scene scene;
  scene.service.open();
  const auto before = open_descriptors();
  {
    Wish slow = wish(1, 2000);
    slow.file = null_file();
    Asked late(scene.client, std::move(slow), scene.loop.in(seconds(1)));
    Asked next(scene.client, wish(2, 3000), scene.soon());
    scene.loop.poll();
    scene.loop.advance(seconds(1));
    CHECK(late.error() == Errc::timeout);
    CHECK(scene.client.waiting() == 1);
    scene.loop.advance(seconds(1));
    CHECK(scene.service.granted == 1);
    scene.loop.advance(seconds(1));
    REQUIRE(next.answer);
    CHECK((*next.answer)->number == 2);
  }
  CHECK(open_descriptors() == before + 2);  // the connection's ends
}

TEST_CASE("an answer of the wrong shape is invalid for who asked; nonsense is the end for all") {
  Played scene;
  Asked second(scene.client, wish(2), scene.soon());
  scene.loop.poll();
  say(scene.peer, "grant 1 9 0 0\nnumber=x\n\nremark 99 9 0 0\nnumber=1\n\n");
  scene.loop.poll();
  CHECK(scene.asked.error() == Errc::invalid);
  CHECK_FALSE(second.answer);
  CHECK(scene.client.is_connected());
  say(scene.peer, "what?\n");
  scene.loop.poll();
  CHECK(second.error() == Errc::invalid);
  CHECK_FALSE(scene.client.is_connected());
}

TEST_CASE("a service that does not read holds nobody else up, and gets every byte in the end") {
  Played scene;
  std::deque<Asked> asked;
  for (int i = 0; i < 40; ++i) {
    Wish large = wish(i);
    large.body_text = std::string(200'000, static_cast<char>('a' + i % 26));
    asked.emplace_back(scene.client, std::move(large), scene.soon());
    scene.loop.poll();
  }
  Remark remark;
  scene.client.tell(remark);
  scene.loop.advance(seconds(11));
  for (const auto& question : asked) CHECK(question.error() == Errc::timeout);
  FrameReader reader(true);
  int bodies = 0;
  std::string last;
  turn_until(scene.loop, [&] {
    reader.feed(heard(scene.peer));
    for (;;) {
      auto frame = reader.next();
      REQUIRE(frame);
      if (!*frame) break;
      last = (*frame)->name;
      if (last == "wish")
        CHECK((*frame)->body == std::string(200'000, static_cast<char>('a' + bodies++ % 26)));
    }
    return last == "remark";
  });
  CHECK(bodies == 40);
}

TEST_CASE(
    "a service that drips an answer, or stops in the middle of one, is left; the next question connects "
    "again") {
  for (const bool drips : {true, false}) {
    Played scene;
    Asked patient(scene.client, wish(2), Deadline::max());
    scene.loop.poll();
    const std::string answer = "grant 1 9 1000 0\nnumber=1\n\n" + std::string(500, 'x');
    say(scene.peer, std::string_view(answer).substr(0, 5));
    for (std::size_t at = 5; at < 64; ++at) {
      scene.loop.poll();
      if (drips) say(scene.peer, std::string_view(answer).substr(at, 1));
      scene.loop.advance(seconds(10));
    }
    CHECK(scene.asked.error() == Errc::timeout);
    CHECK_FALSE(patient.answer);
    scene.loop.advance(seconds(20));
    scene.loop.poll();
    CHECK(patient.error() == Errc::timeout);
    CHECK_FALSE(scene.client.is_connected());
    scene.service.open();
    Asked next(scene.client, wish(3), scene.soon());
    scene.loop.poll();
    REQUIRE(next.answer);
    CHECK(*next.answer);
  }
}

TEST_CASE("an answer may let wait as long as its question allows, when it then comes whole") {
  Played scene;
  Asked patient(scene.client, wish(2), Deadline::max());
  scene.loop.poll();
  scene.loop.advance(seconds(100'000));
  CHECK_FALSE(patient.answer);
  say(scene.peer, "grant 2 9 4 0\nnumber=2\n\nab");
  scene.loop.poll();
  scene.loop.advance(seconds(599));
  say(scene.peer, "cd");
  scene.loop.poll();
  REQUIRE(patient.answer);
  CHECK((*patient.answer)->body_text == "abcd");
}

TEST_CASE("a service that takes nothing, or a byte now and then, is left with what it was sent") {
  Played scene;
  Wish large = wish(2);
  large.body_text = std::string(5'000'000, 'x');
  Asked asked(scene.client, std::move(large), Deadline::max());
  for (int i = 0; i < 59; ++i) {
    scene.loop.poll();
    char byte;
    CHECK(::recv(scene.peer.get(), &byte, 1, MSG_DONTWAIT) == 1);
    scene.loop.advance(seconds(10));
  }
  CHECK_FALSE(asked.answer);
  scene.loop.advance(seconds(20));
  scene.loop.poll();
  CHECK(asked.error() == Errc::lost);
}

TEST_CASE("a client that dies with output pending and answers due leaves nothing") {
  const auto before = open_descriptors();
  {
    Loop loop;
    Service service(loop);
    Fd peer;
    {
      Client client(loop, service.path());
      {
        Wish large = wish(1);
        large.body_text = std::string(5'000'000, 'x');
        large.file = null_file();
        Asked asked(client, std::move(large), loop.in(seconds(10)));
        loop.poll();
        peer = service.accept_one();
        CHECK(client.waiting() == 1);
      }
      CHECK(client.waiting() == 0);
    }
    CHECK(loop.timers() == 0);
    loop.poll();
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a question that is given up while connecting leaves the connection to the others") {
  Scene scene(0);
  Client first(scene.loop, scene.service.path());
  Asked fills(first, wish(0), Deadline::max());  // the queue of the listener is full now
  auto given_up = std::make_unique<Asked>(scene.client, wish(1), scene.soon());
  Asked late(scene.client, wish(2), scene.loop.in(milliseconds(50)));
  Asked patient(scene.client, wish(3), scene.soon());
  scene.loop.advance(milliseconds(20));
  given_up.reset();
  scene.loop.advance(milliseconds(40));
  CHECK(late.error() == Errc::timeout);
  CHECK_FALSE(patient.answer);
  scene.service.open();
  scene.loop.poll();
  scene.loop.advance(milliseconds(5));
  REQUIRE(patient.answer);
  CHECK(*patient.answer);
  CHECK(scene.client.waiting() == 0);
}

TEST_CASE("an answer that is given up between its arrival and the turn is not delivered") {
  Played scene;
  auto victim = std::make_unique<Asked>(scene.client, wish(2), scene.soon());
  scene.loop.poll();
  say(scene.peer, "grant 2 9 0 0\nnumber=2\n\ngrant 1 9 0 0\nnumber=1\n\n");
  // Both answers are read in one turn; they are delivered in the next.
  turn_until(scene.loop, [&] { return scene.client.waiting() == 0; });
  victim.reset();
  scene.loop.poll();
  CHECK(scene.asked.answer);
}

TEST_CASE("a descriptor that cannot be doubled ends the connection, and no other goes in its place") {
  Scene scene;
  scene.service.open();
  Asked before(scene.client, wish(0), scene.soon());
  scene.loop.poll();
  REQUIRE(before.answer);
  Wish with = wish(1);
  with.file = null_file();
  rlimit old{};
  ::getrlimit(RLIMIT_NOFILE, &old);
  rlimit none = old;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  Asked asked(scene.client, std::move(with), scene.soon());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
  scene.loop.poll();
  CHECK(asked.error() == Errc::lost);
  Asked after(scene.client, wish(2), scene.soon());
  scene.loop.poll();
  REQUIRE(after.answer);
  CHECK(*after.answer);
}

namespace {

struct AskThrice {
  explicit AskThrice(Loop& l) : loop(l), service(loop), client(loop, service.path()) {
    loop.advance(seconds(0));
    service.open();
  }
  void step(int turn) {
    if (turn % 2 == 1) loop.advance(milliseconds(1));
  }
  Task<void> act() {
    for (int i = 0; i < 3; ++i) {
      Wish question = wish(i, 3, 300'000);
      question.file = null_file();
      auto answer = co_await client.ask<WishCall>(question, loop.in(seconds(5)));
      REQUIRE(answer);
      CHECK(answer->number == i);
    }
    service.die();
    const Wish question = wish(9);
    auto answer = co_await client.ask<WishCall>(question, loop.in(seconds(5)));
    CHECK_FALSE(answer);
  }
  Loop& loop;
  Service service;
  Client client;
};

}  // namespace

TEST_CASE("asking can be torn down anywhere") { CHECK(tear_down_everywhere<AskThrice>() >= 6); }

}  // namespace postern::ipc
