// Commands that come before their time, in one piece or in many.
#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;

TEST_CASE("pipelined commands are answered in one write") {
  SmtpdFixture client;
  client.begin();
  client.says_at_once(
      {"MAIL FROM:<a@b.example>", "RCPT TO:<ann@home.example>", "RCPT TO:<nobody@home.example>", "DATA"});
  client.loop.poll();
  char block[4096];
  const auto size = ::recv(client.fd().get(), block, sizeof block, MSG_DONTWAIT);
  REQUIRE(size > 0);
  CHECK(fits("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 *\r\n354 *\r\n",
             std::string_view(block, static_cast<std::size_t>(size))));
  client.expect_silence();
}

TEST_CASE("any cutting of a dialogue into pieces gives the same replies") {
  const std::string dialogue =
      "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ann@home.example>\r\nRCPT "
      "TO:<x@home.example>\r\n"
      "DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nRSET\r\nNOOP\r\nQUIT\r\n";
  std::string expected;
  std::uint32_t random = 1;
  for (int round = 0; round < 200; ++round) {
    SmtpdFixture client;
    std::string replies = client.hears();
    for (std::size_t at = 0; at < dialogue.size();) {
      random = random * 1664525 + 1013904223;
      const std::size_t size = round == 0 ? dialogue.size() : round == 1 ? 1 : 1 + (random >> 16) % 40;
      client.sends(std::string_view(dialogue).substr(at, size));
      at += size;
      replies += client.hears();
    }
    CHECK(client.is_over());
    // The queue id is a new one each time.
    const auto id = replies.find("queued as ");
    REQUIRE(id != std::string::npos);
    replies.erase(id, replies.find('\r', id) - id);
    if (round == 0) expected = replies;
    CHECK(replies == expected);
    REQUIRE(client.queue.submitted.size() == 1);
    CHECK(client.queue.submitted[0].content == "Subject: x\n\nbody\n");
  }
}

TEST_CASE("a client that speaks before its turn is sent away where that is wanted") {
  const struct {
    std::string_view greeting, lines;
    std::string_view verb;
  } cases[] = {
      {"HELO c.example\r\n", "MAIL FROM:<>\r\nRCPT TO:<ann@home.example>\r\n", "MAIL"},  // was not offered it
      {"EHLO c.example\r\n", "NOOP\r\nMAIL FROM:<>\r\n", "NOOP"},
      {"", "EHLO c.example\r\nMAIL FROM:<>\r\n", "EHLO"},
  };
  for (const auto& [greeting, lines, verb] : cases) {
    SmtpdFixture client("smtpd_forbid_unauth_pipelining = yes\n");
    client.expect("220 *");
    if (!greeting.empty()) {
      client.sends(greeting);
      client.expect("250*");
    }
    client.sends(lines);
    client.expect("554 5.5.0 Error: SMTP protocol synchronization");
    CHECK(client.is_closed());
    CHECK(client.logged(concat("improper command pipelining after ", verb, " from unknown[192.0.2.1]: *")) ==
          1);
  }
}
