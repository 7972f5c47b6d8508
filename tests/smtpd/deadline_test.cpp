#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;

TEST_CASE("a client that says nothing is left after smtpd_timeout") {
  SmtpdFixture client("smtpd_timeout = 100s\n");
  client.begin();
  client.advance(seconds(99));
  client.expect_silence();
  client.advance(seconds(1));
  client.expect("421 4.4.2 mx.example Error: timeout exceeded");
  CHECK(client.is_over());
  CHECK(client.logged("timeout after EHLO from unknown[192.0.2.1]") == 1);
}

TEST_CASE("a byte now and then buys no time for a command") {
  SmtpdFixture client("smtpd_timeout = 100s\n");
  client.begin();
  for (int i = 0; i < 9; ++i) {
    client.sends("N");
    client.advance(seconds(10));
  }
  client.expect_silence();
  client.advance(seconds(10));
  client.expect("421 4.4.2 *");
}

TEST_CASE("each command has the whole time again") {
  SmtpdFixture client("smtpd_timeout = 100s\n");
  client.begin();
  for (int i = 0; i < 5; ++i) {
    client.advance(seconds(99));
    client.says("NOOP");
    client.expect("250 2.0.0 Ok");
  }
}

TEST_CASE("content buys time at smtpd_min_data_rate and no more") {
  SmtpdFixture client("smtpd_timeout = 100s\nsmtpd_min_data_rate = 10\n");
  client.begin_content();
  // 100 bytes are good for 10 seconds.
  for (int i = 0; i < 30; ++i) {
    client.sends(std::string(98, 'x') + "\r\n");
    client.advance(seconds(10));
  }
  client.expect_silence();
  // Faster than needed saves nothing beyond the timeout.
  client.sends(std::string(50'000, 'x'));
  client.loop.poll();
  client.advance(seconds(99));
  client.expect_silence();
  client.advance(seconds(1));
  client.expect("421 4.4.2 mx.example Error: timeout exceeded");
  CHECK(client.is_over());
  CHECK(client.logged("timeout after DATA (53000 bytes) from unknown[192.0.2.1]") == 1);
  CHECK(client.queue.submitted.empty());
}

TEST_CASE("content that trickles is given up") {
  SmtpdFixture client("smtpd_timeout = 100s\n");
  client.begin_content();
  int turns = 0;
  for (; !client.is_over() && turns < 100; ++turns) {
    client.sends("x");
    client.advance(seconds(10));
  }
  // Each byte is good for 2 milliseconds.
  CHECK(turns == 11);
  CHECK(client.logged("timeout after DATA (11 bytes) from *") == 1);
}

TEST_CASE("with smtpd_per_request_deadline = no every piece of content has the whole time") {
  SmtpdFixture client("smtpd_timeout = 100s\nsmtpd_per_request_deadline = no\n");
  client.begin_content();
  for (int i = 0; i < 20; ++i) {
    client.sends("x");
    client.advance(seconds(90));
  }
  client.says("\r\n.");
  client.advance(seconds(3));  // who lets us wait waits too
  client.expect("250 2.0.0 Ok: queued as *");
}

TEST_CASE("a client that does not take its replies is left") {
  SmtpdFixture client("smtpd_timeout = 100s\nsmtpd_junk_command_limit = 100000000\n");
  client.begin();
  int small = 4096;
  ::setsockopt(client.fd().get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  std::string flood;
  for (int i = 0; i < 300; ++i) flood += "RSET\r\n";
  int sent = 0;
  for (; sent < 10'000; ++sent) {
    if (::send(client.fd().get(), flood.data(), flood.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) break;
    client.loop.poll();
  }
  REQUIRE(sent < 10'000);
  client.advance(seconds(100));
  CHECK(client.is_over());
  CHECK(client.logged("timeout after RSET from *") == 1);
}

TEST_CASE("the queue may take its time with the answer") {
  SmtpdFixture client("smtpd_timeout = 10s\n");
  client.queue.delay = seconds(600);
  client.begin_content();
  client.says("x\r\n.");
  client.advance(seconds(599));
  client.expect_silence();
  client.advance(seconds(1));
  client.expect("250 2.0.0 Ok: queued as *");
}

TEST_CASE("tighter limits are in force for a session that waits already, from now on") {
  SmtpdFixture client("patience = ${stress?{10}:{100}}s\nsmtpd_timeout = $patience\n");
  client.begin();
  client.advance(seconds(50));
  client.settings.override("stress", "yes");
  REQUIRE(client.setup->follow(client.settings, "stress"));
  each_session(client.shared, [](auto& session) { session.hurry(); });
  client.advance(seconds(5));
  client.sends("N");  // buys nothing
  client.advance(seconds(4));
  client.expect_silence();
  client.advance(seconds(1));
  client.expect("421 4.4.2 mx.example Error: timeout exceeded");
}

TEST_CASE("what EHLO offers and MAIL needs follows stress") {
  SmtpdFixture client(
      "message_size_limit = ${stress?{500}:{1000}}\nsmtpd_helo_required = ${stress?{yes}:{no}}\n"
      "smtpd_noop_commands = hash:/nowhere\nsmtpd_hard_error_limit = 20\n");
  client.begin();
  client.settings.override("stress", "yes");
  REQUIRE(client.setup->follow(client.settings, "stress"));
  client.says("EHLO client.example");
  client.expect("250-*|250-SIZE 500|*");
  client.says("MAIL FROM:<> SIZE=501");
  client.expect("552 5.3.4 *");
  Client other(client, "192.0.2.2");
  other.expect("220 *");
  other.says("MAIL FROM:<>");
  other.expect("503 5.5.1 Error: send HELO/EHLO first");
  client.settings.override("stress", "");
  REQUIRE(client.setup->follow(client.settings, "stress"));
  other.says("MAIL FROM:<> SIZE=1000");
  other.expect("250 2.1.0 Ok");
  CHECK(client.logged("warning: smtpd_noop_commands: tables are not supported here: *") == 0);
}

TEST_CASE("limits that are no longer tight take no time from a session that waits") {
  SmtpdFixture client("smtpd_timeout = ${stress?{10}:{100}}s\n");
  client.begin();
  client.advance(seconds(50));
  each_session(client.shared, [](auto& session) { session.hurry(); });
  client.advance(seconds(49));
  client.expect_silence();
  client.says("NOOP");
  client.expect("250 2.0.0 Ok");
  client.advance(seconds(99));
  client.expect_silence();
  client.advance(seconds(1));
  client.expect("421 4.4.2 *");
}
