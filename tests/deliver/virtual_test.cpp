#include "deliver/virtual/virtual.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/deliver/agent_fixture.h"

using namespace postern;
using namespace postern::deliver;

namespace {

std::string main_cf(const TemporaryDirectory& directory, const std::string& more = "") {
  ::chmod(directory.path().c_str(), 01777);
  return "virtual_mailbox_base = " + directory.path() +
         "\nvirtual_mailbox_maps = inline:{ann@example.com=ann/, bob@example.com=bob, @all.example=all/}\n"
         "virtual_uid_maps = static:12345\nvirtual_gid_maps = static:12346\nrecipient_delimiter = +\n" +
         more;
}

std::string only_file(const std::string& path) {
  std::string found;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    REQUIRE(found.empty());
    found = entry.path();
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

}  // namespace

TEST_CASE("virtual delivers where the maps say") {
  const TemporaryDirectory base;
  AgentFixture<Virtual> agent(main_cf(base));
  CHECK(agent.deliver(message_for({"ann+list@example.com<info@example.com"})) ==
        "sent 2.0.0 delivered to maildir");
  CHECK(text_of(only_file(base.path("ann/new"))) ==
        "Return-Path: <sender@example.org>\nX-Original-To: info@example.com\nDelivered-To: "
        "ann+list@example.com\n"
        "Subject: hello\n\nbody\n");
  CHECK(agent.deliver(message_for({"anybody@all.example"})) == "sent 2.0.0 delivered to maildir");
  CHECK(agent.deliver(message_for({"bob@example.com"})) == "sent 2.0.0 delivered to mailbox");
  CHECK(text_of(base.path("bob")).find("\nDelivered-To: bob@example.com\nSubject: hello\n\nbody\n\n") !=
        std::string::npos);
  CHECK(
      agent.log_text().find("to=<ann+list@example.com>, orig_to=<info@example.com>, relay=virtual, delay=") !=
      std::string::npos);
  CHECK(agent.rights.write == std::vector<std::string>{base.path()});
}

TEST_CASE("who is in no map is unknown, and a message is delivered to an address once") {
  const TemporaryDirectory base;
  AgentFixture<Virtual> agent(main_cf(base));
  CHECK(agent.deliver(message_for({"eve@example.com"})) == "bounced 5.1.1 unknown user: \"eve@example.com\"");
  auto message = message_for({"ann@example.com"});
  message.content = "Delivered-To: ann@example.com\nSubject: again\n\n";
  CHECK(agent.deliver(message) == "bounced 5.4.6 mail forwarding loop for ann@example.com");
}

TEST_CASE("the recipients of one message have each their own fate") {
  const TemporaryDirectory base;
  AgentFixture<Virtual> agent(main_cf(base));
  agent.send(message_for({"ann@example.com", "eve@example.com", "bob@example.com", "x@all.example"}));
  const auto answer = agent.answer_to(1);
  REQUIRE(answer.results.size() == 4);
  CHECK(agent.text(answer.results[0]) == "sent 2.0.0 delivered to maildir");
  CHECK(agent.text(answer.results[1]).starts_with("bounced 5.1.1"));
  CHECK(agent.text(answer.results[2]) == "sent 2.0.0 delivered to mailbox");
  CHECK(agent.text(answer.results[3]) == "sent 2.0.0 delivered to maildir");
}

TEST_CASE("many questions on one connection are answered side by side") {
  const TemporaryDirectory base;
  AgentFixture<Virtual> agent(main_cf(base));
  for (int i = 0; i < 200; ++i) agent.send(message_for({"ann@example.com"}));
  for (std::uint64_t id = 1; id <= 200; ++id) {
    CHECK(agent.text(agent.answer_to(id).results.at(0)) == "sent 2.0.0 delivered to maildir");
  }
}

TEST_CASE("a table that cannot answer, or gives no usable id, defers") {
  const TemporaryDirectory base;
  struct {
    std::string more, warning;
    bool only_root;
  } const cases[] = {
      {"virtual_mailbox_maps = fail:down\n", "fail:down lookup error for \"ann@example.com\": down", false},
      {"virtual_uid_maps = static:99\n", "recipient ann@example.com: bad id 99 in virtual_uid_maps", true},
      {"virtual_uid_maps = static:root\n", "recipient ann@example.com: bad id root in virtual_uid_maps",
       true},
      {"virtual_uid_maps = static:4294967295\n",
       "recipient ann@example.com: bad id 4294967295 in virtual_uid_maps", true},
      {"virtual_uid_maps =\n", "recipient ann@example.com: not found in virtual_uid_maps", true},
      {"virtual_gid_maps = static:0\n", "recipient ann@example.com: bad id 0 in virtual_gid_maps", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.more);
    if (c.only_root && ::geteuid() != 0) continue;
    AgentFixture<Virtual> agent(main_cf(base, c.more));
    CHECK(agent.deliver(message_for({"ann@example.com"})) ==
          "deferred 4.3.5 mail system configuration error");
    CHECK(agent.log_text().find("warning: " + c.warning) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(base.path("ann")));
  }
}

TEST_CASE("virtual does not start without a base directory") {
  net::Loop loop;
  daemon::Rights rights;
  Virtual agent;
  const auto ready = agent.configure(config::Settings(*config::MainCf::parse("", "main.cf")), loop, rights);
  REQUIRE_FALSE(ready);
  CHECK(ready.error().text == "virtual_mailbox_base must name a directory");
}
