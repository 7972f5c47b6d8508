// How long a session may keep its server waiting.
#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;
using smtpd::Patience;

namespace {

// Sends a byte each `pace`, again and again the same text, until the session is over or `limit` has passed. Returns how long
// it lasted.
Duration trickle(SmtpdFixture& client, std::string_view text, Duration pace, Duration limit) {
  Duration lasted{};
  for (std::size_t i = 0; !client.is_over() && lasted < limit; ++i) {
    ::send(client.fd().get(), &text[i % text.size()], 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    client.advance(pace);
    lasted += pace;
  }
  return lasted;
}

}  // namespace

TEST_CASE("a client that says nothing is left after smtpd_timeout") {
  SmtpdFixture client("smtpd_timeout = 100s\n");
  client.begin();
  client.expect_timeout_after(seconds(100));
  CHECK(client.logged("timeout after EHLO from unknown[192.0.2.1]") == 1);
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
  client.expect_timeout_after(seconds(100));
  CHECK(client.logged("timeout after DATA (53000 bytes) from unknown[192.0.2.1]") == 1);
  CHECK(client.queue.submitted.empty());
}

TEST_CASE("a byte each second holds a session for no longer than the limit, in any phase") {
  struct Phase {
    std::string_view name, text;
    bool in_content;
    std::size_t at_once;
    std::string_view logged;
  };
  const Phase phases[] = {
      {"one command", "x", false, 0, "timeout after EHLO from unknown[192.0.2.1]"},
      {"a line that is too long, and read over", "x", false, 3000, "timeout after * from unknown[192.0.2.1]"},
      {"a header", "X: y", true, 0, "timeout after DATA (*) from unknown[192.0.2.1]"},
      {"lines of content", "x\r\n", true, 0, "timeout after DATA (*) from unknown[192.0.2.1]"},
  };
  for (const Phase& phase : phases) {
    CAPTURE(phase.name);
    SmtpdFixture client("smtpd_timeout = 100s\n");
    phase.in_content ? client.begin_content() : client.begin();
    client.sends(std::string(phase.at_once, 'x'));
    const Duration lasted = trickle(client, phase.text, seconds(1), seconds(400));
    CHECK(lasted >= seconds(99));
    CHECK(lasted <= seconds(102));
    client.expect(kTimeout);
    CHECK(client.logged(phase.logged) == 1);
    CHECK(client.shared.timed_out.get() == 1);
  }
}

TEST_CASE("an honest client at 2 KiB a second delivers 10 MiB") {
  SmtpdFixture client("smtpd_timeout = 20s\nsmtpd_session_time_limit = 60s\nmessage_size_limit = 20000000\n");
  client.begin_content();
  const std::string second = std::string(1022, 'x') + "\r\n" + std::string(1022, 'y') + "\r\n";
  for (int i = 0; i < 10 * 1024 / 2; ++i) {
    client.sends(second);
    client.advance(seconds(1));
  }
  client.says(".");
  client.expect("250 2.0.0 Ok: queued as *");
}

TEST_CASE("a session as a whole has a limit, and content moves it on") {
  SmtpdFixture client(
      "smtpd_timeout = 100s\nsmtpd_session_time_limit = 250s\nsmtpd_min_data_rate = 10\n"
      "smtpd_first_command_time_limit = 0\n");
  client.begin();
  SUBCASE("commands do not") {
    client.advance(seconds(90));
    client.says("NOOP");
    client.advance(seconds(90));
    client.says("NOOP");
    client.hears();
    client.expect_timeout_after(seconds(70));
    CHECK(client.logged("timeout after NOOP from unknown[192.0.2.1]: smtpd_session_time_limit") == 1);
  }
  SUBCASE("content does") {
    client.advance(seconds(90));
    client.says("MAIL FROM:<ann@client.example>");
    client.says("RCPT TO:<bob@home.example>");
    client.says("DATA");
    client.hears();
    client.advance(seconds(90));
    // 2,000 bytes are good for 200 seconds: all that was waited for.
    client.says(std::string(1998, 'x'));
    client.loop.poll();
    client.says(".");
    client.expect("250 2.0.0 Ok: queued as *");
    client.advance(seconds(99));
    client.says("NOOP");
    client.expect("250 *");
    client.advance(seconds(99));
    client.says("NOOP");
    client.expect("250 *");
    client.advance(seconds(52));
    client.expect(kTimeout);
  }
}

TEST_CASE("the first command has a limit of its own") {
  SmtpdFixture client("smtpd_timeout = 100s\nsmtpd_first_command_time_limit = 10s\n");
  client.expect("220 *");
  SUBCASE("a part of it does not count") {
    CHECK(trickle(client, "EHLOx", seconds(1), seconds(50)) <= seconds(11));
    client.expect(kTimeout);
    CHECK(client.logged("timeout after CONNECT from unknown[192.0.2.1]: smtpd_first_command_time_limit") ==
          1);
  }
  SUBCASE("whatever it is") {
    client.advance(seconds(9));
    client.says("NOOP");
    client.expect("250 *");
    client.expect_timeout_after(seconds(100));
    CHECK(client.logged("timeout after NOOP from unknown[192.0.2.1]") == 1);
  }
}

TEST_CASE("what the server does itself is not on the client's account") {
  SmtpdFixture client("smtpd_timeout = 100s\nsmtpd_session_time_limit = 150s\n");
  client.queue.delay = seconds(600);
  client.begin_content();
  client.says("x\r\n.");
  client.advance(seconds(600));
  client.expect("250 2.0.0 Ok: queued as *");
  client.advance(seconds(99));
  client.says("NOOP");
  client.expect("250 *");
}

TEST_CASE(
    "with smtpd_per_request_deadline = no a byte buys time for a command, up to the limit of the session") {
  SmtpdFixture client(
      "smtpd_timeout = 20s\nsmtpd_per_request_deadline = no\nsmtpd_session_time_limit = 200s\n");
  client.begin();
  const Duration lasted = trickle(client, "x", seconds(10), seconds(400));
  CHECK(lasted >= seconds(190));
  CHECK(lasted <= seconds(210));
  client.expect(kTimeout);
}

TEST_CASE("waiting costs a request and a session, and content pays back, never more than was spent") {
  Patience patience;
  const Instant start{};
  Patience::Limits limits{seconds(100), seconds(300), Duration::max(), 10, 100};
  CHECK(patience.begin_wait(start, limits) == start + seconds(100));
  patience.end_wait(start + seconds(60), 0, limits);
  CHECK(patience.used(start) == seconds(60));
  CHECK(patience.begin_wait(start + seconds(500), limits) == start + seconds(540));
  patience.end_wait(start + seconds(510), 200, limits);
  CHECK(patience.used(start) == seconds(50));
  patience.begin_request();
  CHECK(patience.begin_wait(start, limits) == start + seconds(100));
  limits.percent = 20;
  CHECK(patience.limit_wait(limits) == start + seconds(10));
  CHECK(patience.cause() == Patience::Cause::session);
  patience.end_wait(start, std::size_t{1} << 62, limits);
  CHECK(patience.begin_wait(start, limits) == start + seconds(20));
  CHECK(patience.cause() == Patience::Cause::request);
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

TEST_CASE("tighter limits are in force for a session that waits already, from now on") {
  SmtpdFixture client("patience = ${stress?{10}:{100}}s\nsmtpd_timeout = $patience\n");
  client.begin();
  client.advance(seconds(50));
  client.stress(true);
  each_session(client.shared, [](auto& session) { session.hurry(); });
  client.advance(seconds(5));
  client.sends("N");  // buys nothing
  client.expect_timeout_after(seconds(5));
}

TEST_CASE("what EHLO offers and MAIL needs follows stress") {
  SmtpdFixture client(
      "message_size_limit = ${stress?{500}:{1000}}\nsmtpd_helo_required = ${stress?{yes}:{no}}\n"
      "smtpd_noop_commands = hash:/nowhere\nsmtpd_hard_error_limit = 20\n");
  client.begin();
  client.stress(true);
  client.says("EHLO client.example");
  client.expect("250-*|250-SIZE 500|*");
  client.says("MAIL FROM:<> SIZE=501");
  client.expect("552 5.3.4 *");
  Client other(client, "192.0.2.2");
  other.expect("220 *");
  other.says("MAIL FROM:<>");
  other.expect("503 5.5.1 Error: send HELO/EHLO first");
  client.stress(false);
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
  client.expect_timeout_after(seconds(100));
}
