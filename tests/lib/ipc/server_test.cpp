#include "lib/ipc/server.h"

#include <doctest/doctest.h>

#include "lib/base/log.h"
#include "tests/lib/ipc/service.h"
#include "tests/lib/net/teardown.h"

namespace postern::ipc {

namespace {

using namespace testing;
using net::Loop;
using net::Task;
using net::testing::heard;
using net::testing::open_descriptors;
using net::testing::Pair;
using net::testing::say;
using net::testing::tear_down_everywhere;

// What is logged while this lives.
class CapturedLog {
 public:
  CapturedLog() {
    log::Setup setup;
    setup.fd = std::move(pair_.theirs);
    log::open(std::move(setup));
  }
  ~CapturedLog() { log::open(log::Setup()); }
  std::string text() {
    log::flush();
    return heard(pair_.ours);
  }

 private:
  Pair pair_;
};

struct Served {
  Served() : service(loop) {
    loop.advance(seconds(0));
    service.serve_one(std::move(pair.ours));
    loop.poll();
  }
  void hear(std::string_view text) {
    say(pair.theirs, text);
    loop.poll();
  }
  bool open() const { return service.connections() > 0; }
  Loop loop;
  Pair pair;
  Service service;
};

std::string request(const Wish& wish, std::uint64_t id) {
  std::string out;
  append_message(out, wish, id);
  return out;
}

}  // namespace

TEST_CASE("a farewell is said to all who are connected and to those that still come, and loses no question") {
  Served here;
  here.hear(concat(kGreeting, request(wish(1, 1000), 1)));
  here.service.farewell.say();
  here.service.farewell.say();
  here.loop.poll();
  CHECK(heard(here.pair.theirs) == "leaving 0 0 0 0\n\n");
  Pair late;
  here.service.serve_one(std::move(late.ours));
  here.loop.poll();
  CHECK(heard(late.theirs) == "leaving 0 0 0 0\n\n");
  here.hear(request(wish(2), 2));  // was on its way
  CHECK(heard(here.pair.theirs) == "grant 2 9 0 0\nnumber=2\n\n");
  here.loop.advance(seconds(1));
  CHECK(heard(here.pair.theirs) == "grant 1 9 0 0\nnumber=1\n\n");
  here.pair.theirs.reset();
  late.theirs.reset();
  here.loop.poll();
  CHECK_FALSE(here.open());
}

TEST_CASE("the wake-up byte is quiet") {
  CapturedLog log;
  Served served;
  served.hear("W");
  CHECK_FALSE(served.open());
  CHECK(log.text().empty());
}

TEST_CASE("a peer that comes and goes, greeted or not, is quiet") {
  CapturedLog log;
  for (const std::string_view said : {"", "post", "postern-ipc 1\n", "postern-ipc 1\nwish 1 2"}) {
    Served served;
    if (!said.empty()) served.hear(said);
    CHECK(served.open());
    served.pair.theirs.reset();
    served.loop.poll();
    CHECK_FALSE(served.open());
  }
  CHECK(log.text().empty());
}

TEST_CASE("a peer that does not keep to the protocol is left with one line in the log") {
  const std::string_view wrong[] = {
      "GET / HTTP/1.0\r\n\r\n",
      "postern-ipc 2\n",
      "postern-ipc 1\nwish 1 2\n",
      "postern-ipc 1\nsecret 1 0 0 0\n\n",
      "postern-ipc 1\nwish 1 0 0 0\n\n",
      "postern-ipc 1\nwish 1 99999999 0 0\n",
      "postern-ipc 1\nwish 1 24 0 1\nnumber=1\nafter=0\nsize=0\n\n",
      "postern-ipc 1\nremark 0 9 1 0\nnumber=1\n\nx",
  };
  for (const auto said : wrong) {
    CAPTURE(said);
    CapturedLog log;
    Served served;
    served.hear(said);
    CHECK_FALSE(served.open());
    const std::string text = log.text();
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.find("request refused") != std::string::npos);
  }
}

TEST_CASE("a question is answered under its number; a remark is not answered") {
  Served served;
  served.hear(std::string(kGreeting) + "remark 0 9 0 0\nnumber=5\n\n" + request(wish(7), 31));
  CHECK(heard(served.pair.theirs) == "grant 31 9 0 0\nnumber=7\n\n");
  CHECK(served.service.remarks == std::vector<std::int64_t>{5});
}

TEST_CASE("a question that nobody waits for any more is not begun") {
  Served served;
  std::string questions(kGreeting);
  append_message(questions, wish(1), 1, served.loop.now());
  append_message(questions, wish(2), 2, served.loop.now() - seconds(5));
  append_message(questions, wish(3), 3, served.loop.now() + seconds(5));
  served.hear(questions);
  CHECK(heard(served.pair.theirs) == "grant 3 9 0 0\nnumber=3\n\n");
  CHECK(served.service.granted == 1);
  CHECK(served.open());
}

TEST_CASE("answers of one turn leave together") {
  Loop loop;
  Pair pair(SOCK_SEQPACKET);
  Service service(loop);
  service.serve_one(std::move(pair.ours));
  std::string questions(kGreeting);
  for (int i = 0; i < 50; ++i) questions += request(wish(i), static_cast<std::uint64_t>(i) + 1);
  say(pair.theirs, questions);
  loop.poll();
  char block[65536];
  const auto n = ::recv(pair.theirs.get(), block, sizeof block, 0);
  REQUIRE(n > 0);
  const std::string_view answers(block, static_cast<std::size_t>(n));
  CHECK(answers.find("grant 50 ") != std::string_view::npos);
  CHECK(heard(pair.theirs).empty());
}

TEST_CASE("the questions of a peer that has left are dropped where they stand") {
  Served served;
  std::string questions(kGreeting);
  for (int i = 0; i < 10; ++i) questions += request(wish(i, 1000), static_cast<std::uint64_t>(i));
  served.hear(questions);
  CHECK(served.service.granting == 10);
  served.pair.theirs.reset();
  served.loop.poll();
  CHECK(served.service.granting == 0);
  CHECK(served.service.granted == 0);
  CHECK_FALSE(served.open());
  CHECK(served.loop.timers() == 0);
}

TEST_CASE("a peer that asks and does not read is not worked for without end") {
  Served served;
  std::string questions(kGreeting);
  for (int i = 0; i < 200; ++i) questions += request(wish(i, 0, 1 << 20), static_cast<std::uint64_t>(i));
  served.hear(questions);
  CHECK(served.service.granted > 10);
  CHECK(served.service.granted < 80);
  std::size_t bytes = 0;
  for (int i = 0; i < 20'000 && served.service.granted < 200; ++i) {
    bytes += heard(served.pair.theirs).size();
    served.loop.advance(milliseconds(5));
  }
  CHECK(served.service.granted == 200);
  CHECK(bytes > (100u << 20));
  CHECK(served.open());
  // It goes with 64 MiB unread: that is the end, not a wait.
  served.pair.theirs.reset();
  for (int i = 0; i < 5; ++i) served.loop.advance(milliseconds(5));
  CHECK_FALSE(served.open());
}

TEST_CASE("a peer that is not trusted is worked for as far as its table says") {
  Served served;
  served.service.bound(1, 1 << 20);
  std::string questions(kGreeting);
  for (int i = 0; i < 20; ++i) questions += request(wish(i, 10, 1 << 20), static_cast<std::uint64_t>(i));
  served.hear(questions);
  CHECK(served.service.granting == 1);
  for (int i = 0; i < 100; ++i) served.loop.advance(milliseconds(5));
  CHECK(served.service.granted <= 3);  // it does not read
  for (int i = 0; i < 20'000 && served.service.granted < 20; ++i) {
    CHECK(served.service.granting <= 1);
    (void)heard(served.pair.theirs);
    served.loop.advance(milliseconds(5));
  }
  CHECK(served.service.granted == 20);
}

TEST_CASE("a peer that goes while its answers pile up ends the service of it") {
  Served served;
  std::string questions(kGreeting);
  for (int i = 0; i < 200; ++i) questions += request(wish(i, 0, 1 << 20), static_cast<std::uint64_t>(i));
  served.hear(questions);
  CHECK(served.open());
  served.pair.theirs.reset();
  for (int i = 0; i < 5; ++i) served.loop.advance(milliseconds(5));
  CHECK_FALSE(served.open());
}

TEST_CASE("descriptors that no frame promised end the connection and are closed") {
  const auto before = open_descriptors();
  {
    CapturedLog log;
    Served served;
    served.hear(kGreeting);
    REQUIRE(net::send_with(served.pair.theirs.get(), "remark 0 9 0 0\nnumber=1\n\n", {0, 1, 2}) > 0);
    served.loop.poll();
    CHECK_FALSE(served.open());
  }
  CHECK(open_descriptors() == before);
}

namespace {

struct ServeOne {
  explicit ServeOne(Loop& l) : loop(l) {
    loop.advance(seconds(0));
    handlers.on<WishCall>([this](Wish wish) { return grant(std::move(wish)); });
    std::string out(kGreeting);
    for (int i = 0; i < 4; ++i) out += request(wish(i, i, 100'000), static_cast<std::uint64_t>(i));
    questions = out + "remark";
  }
  Task<Grant> grant(Wish wish) {
    co_await net::sleep_until(loop, loop.in(milliseconds(wish.after)));
    Grant answer;
    answer.body_text = std::string(static_cast<std::size_t>(wish.size), 'g');
    answer.file = *open_file("/dev/null", O_RDONLY);
    co_return answer;
  }
  Task<void> act() { co_await serve(loop, std::move(pair.ours), handlers); }
  void step(int turn) {
    const auto at = static_cast<std::size_t>(turn) * 20;
    if (at < questions.size()) {
      say(pair.theirs, std::string_view(questions).substr(at, 20));
    } else if (at > questions.size() + 200) {
      pair.theirs.reset();
    }
    loop.advance(milliseconds(turn % 2));
  }
  Loop& loop;
  Pair pair;
  Handlers handlers;
  std::string questions;
};

}  // namespace

TEST_CASE("serving can be torn down anywhere") { CHECK(tear_down_everywhere<ServeOne>() >= 10); }

}  // namespace postern::ipc
