#include "deliver/discard/discard.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "tests/deliver/agent_fixture.h"
#include "tests/deliver/like.h"

using namespace postern;
using namespace postern::deliver;

TEST_CASE("discard says that all is well, and why") {
  AgentFixture<Discard> agent("");
  CHECK(agent.deliver(message_for({"ann@example.com"})) == "sent 2.0.0 nexthop.example");
  auto message = message_for({"ann@example.com"});
  message.nexthop = "2.1.5 nobody is here";
  CHECK(agent.deliver(message) == "sent 2.1.5 nobody is here");
  message.nexthop = "5.1.1 no";
  CHECK(agent.deliver(message) == "sent 2.0.0 no");
}

TEST_CASE("each recipient has its result, by number, and its log line") {
  AgentFixture<Discard> agent("");
  auto message =
      message_for({"ann@example.com", "bob@example.com<Bob@Example.com", "eve@example.com<list@example.com"});
  message.arrived -= 20'000;
  agent.send(message);
  const auto answer = agent.answer_to(1);
  REQUIRE(answer.results.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(answer.results[i].number == static_cast<std::int64_t>(100 + i));
  const auto log = agent.log_text();
  CHECK(
      like(log,
           "*: ABC: to=<ann@example.com>, relay=none, delay=0.0*, delays=0.02/*/0/*, dsn=2.0.0, status=sent "
           "(nexthop.example)\n*"));
  CHECK(log.find("to=<bob@example.com>, relay") != log.npos);
  CHECK(log.find("to=<eve@example.com>, orig_to=<list@example.com>, relay=none") != log.npos);
}

TEST_CASE("long queue ids are logged as such") {
  AgentFixture<Discard> agent("enable_long_queue_ids = yes");
  CHECK(agent.deliver(message_for({"ann@example.com"})).starts_with("sent"));
  CHECK(agent.log_text().find(mail::QueueId(0xABC).long_text() + ": to=") != std::string::npos);
}

TEST_CASE("a message without recipients is answered too") {
  AgentFixture<Discard> agent("");
  agent.send(message_for({}));
  CHECK(agent.answer_to(1).results.empty());
}
