#include "master/child.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

using namespace postern;
using namespace postern::master;
using daemon::State;
using daemon::Status;

namespace {

constexpr pid_t kPid = 4711;
constexpr std::uint32_t kGeneration = 3;

// The two ends of a status channel, and how often the child told a change.
struct Channel {
  net::Loop loop;
  int ends[2] = {-1, -1};
  int changes = 0;
  std::unique_ptr<Child> child;

  Channel() {
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    child = std::make_unique<Child>(loop, Birth{kPid, 0, kGeneration, loop.now()}, Fd(ends[0]));
    child->listen("echo", [this] { ++changes; });
  }
  ~Channel() { hang_up(); }
  void hang_up() {
    if (ends[1] >= 0) ::close(std::exchange(ends[1], -1));
  }
  void tell(Status status, const std::string& text = "") {
    std::string record(reinterpret_cast<const char*>(&status), sizeof status);
    tell(record + text);
  }
  void tell(const std::string& record) {
    REQUIRE(::send(ends[1], record.data(), record.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(record.size()));
    loop.poll();
  }
};

Status told(State state) { return {kPid, kGeneration, state}; }

}  // namespace

TEST_CASE("a child counts as available until it says otherwise") {
  Channel channel;
  CHECK(channel.child->is_available());
  CHECK(!channel.child->was_available());
  channel.tell(told(State::available));
  CHECK(channel.child->was_available());
  channel.tell(told(State::busy));
  CHECK(!channel.child->is_available());
  channel.tell(told(State::available));
  CHECK(channel.child->is_available());
  CHECK(channel.changes == 3);
}

TEST_CASE("records that are not the child's change nothing") {
  Channel channel;
  channel.tell({kPid + 1, kGeneration, State::busy});
  channel.tell({kPid, kGeneration - 1, State::busy});
  channel.tell({kPid, kGeneration, static_cast<State>(77)});
  channel.tell({kPid, kGeneration, State::starting});
  channel.tell("short");
  channel.tell(std::string(5000, '\xff'));
  CHECK(channel.changes == 0);
  CHECK(channel.child->is_available());
  CHECK(!channel.child->was_available());
}

TEST_CASE("last words are kept, without what could harm a terminal") {
  Channel channel;
  channel.tell(told(State::leaving), "open table: \x1b[31mno such file");
  CHECK(channel.child->last_words() == "open table: ?[31mno such file");
  CHECK(channel.child->is_leaving());
  CHECK(!channel.child->was_available());
}

TEST_CASE("the child sees an end of file when it is asked to leave, and may still tell") {
  Channel channel;
  channel.child->ask_to_leave();
  CHECK(channel.child->is_leaving());
  CHECK(!channel.child->is_available());
  char byte = 0;
  CHECK(::recv(channel.ends[1], &byte, 1, 0) == 0);
  channel.tell(told(State::leaving), "done");
  CHECK(channel.child->last_words() == "done");
}

TEST_CASE("a child that closes its channel does not keep the loop busy") {
  Channel channel;
  channel.tell(told(State::available));
  channel.hang_up();
  channel.loop.poll();
  channel.loop.poll();
  CHECK(channel.child->is_available());
}

TEST_CASE("a child that is stuck counts as busy until it turns its loop or tells a state") {
  Channel channel;
  channel.tell(told(State::available));
  REQUIRE(channel.child->is_available());
  channel.child->found_stuck(5, channel.loop.now());
  CHECK(!channel.child->is_available());
  CHECK(!channel.child->has_come_back(5));
  CHECK(channel.child->has_come_back(6));
  CHECK(channel.child->is_available());
  channel.child->found_stuck(6, channel.loop.now());
  channel.tell(told(State::available));
  CHECK(channel.child->is_available());
}

TEST_CASE(
    "a child that sends thousands of records does not keep the others waiting, and all are heard at its "
    "end") {
  Channel channel;
  int sent = 0;
  const Status busy = told(State::busy), leaving = told(State::leaving);
  while (::send(channel.ends[1], &busy, sizeof busy, MSG_NOSIGNAL) > 0) ++sent;
  REQUIRE(sent > 64);
  CHECK(channel.child->catch_up());
  char byte = 0;
  CHECK(::recv(channel.child->is_available() ? -1 : channel.ends[1], &byte, 1, MSG_DONTWAIT) < 0);
  REQUIRE(::send(channel.ends[1], &leaving, sizeof leaving, MSG_NOSIGNAL) > 0);
  channel.child->catch_up_at_end();
  CHECK(channel.child->said_leaving());
}

TEST_CASE("a child that is relieved has left, for all that is asked") {
  Channel channel;
  channel.tell(told(State::available));
  channel.tell(told(State::leaving));
  CHECK_FALSE(channel.child->is_relieved());
  channel.tell(told(State::relieved));
  CHECK(channel.child->is_relieved());
  CHECK(channel.child->is_leaving());
  CHECK(channel.child->said_leaving());
  CHECK_FALSE(channel.child->is_available());
  CHECK_FALSE(channel.child->may_still_accept());
}
