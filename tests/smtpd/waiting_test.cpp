#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;
using smtpd::Load;
using smtpd::make_room;
using smtpd::Patience;

namespace {

constexpr std::string_view kTimeout = "421 4.4.2 mx.example Error: timeout exceeded";
constexpr std::string_view kBusy = "421 4.3.2 mx.example Error: server busy, try again later";

Load load_of(std::vector<std::string> steps, std::size_t capacity) {
  auto load = Load::parse(steps, capacity);
  REQUIRE(load);
  return *load;
}

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

void fill(Load& load, std::size_t sessions) { load.follow(sessions); }

}  // namespace

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
    client.advance(seconds(69));
    client.hears();
    client.expect_silence();
    client.advance(seconds(1));
    client.expect(kTimeout);
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
    client.advance(seconds(99));
    client.expect_silence();
    client.advance(seconds(1));
    client.expect(kTimeout);
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
  CHECK(patience.again(limits) == start + seconds(10));
  CHECK(patience.cause() == Patience::Cause::session);
  patience.end_wait(start, std::size_t{1} << 62, limits);
  CHECK(patience.begin_wait(start, limits) == start + seconds(20));
  CHECK(patience.cause() == Patience::Cause::request);
}

TEST_CASE("limits tighten by steps as sessions come, and who has delivered is a step behind") {
  Load load = load_of({"50:50", "75:20", "90:5"}, 1000);
  struct Row {
    std::size_t sessions;
    int percent, proven;
  };
  const Row rows[] = {{1, 100, 100},  {499, 100, 100}, {500, 50, 100}, {749, 50, 100}, {750, 20, 50},
                      {900, 5, 20},   {1000, 5, 20},   {811, 5, 20},   {809, 20, 50},  {676, 20, 50},
                      {674, 50, 100}, {450, 50, 100},  {449, 100, 100}};
  for (const Row& row : rows) {
    CAPTURE(row.sessions);
    load.follow(row.sessions);
    CHECK(load.percent(false) == row.percent);
    CHECK(load.percent(true) == row.proven);
  }
  load.count(false);
  load.follow(1000);
  CHECK(load.percent(false) == 100);
}

TEST_CASE("the log hears of steps once a minute") {
  Load load = load_of({"50:50", "75:20"}, 100);
  const Instant start{};
  const Instant now = start + std::chrono::hours(1);
  CHECK(!load.news(now, "smtp"));
  fill(load, 50);
  CHECK(load.news(now, "smtp") ==
        "service \"smtp\" has 50 of 100 sessions of a process in use: time limits are 50 percent of normal");
  fill(load, 80);
  fill(load, 10);
  CHECK(!load.news(now + seconds(59), "smtp"));
  CHECK(load.news(now + seconds(60), "smtp") ==
        "service \"smtp\" has 10 of 100 sessions of a process in use: time limits are normal again; they "
        "were 20 percent");
  CHECK(!load.news(now + seconds(200), "smtp"));
}

TEST_CASE("steps that make no sense are named") {
  for (const char* bad : {"50", "x:5", "50:", "0:5", "101:5", "50:0", "50:101", "50:-1", "50:5x"}) {
    CAPTURE(bad);
    const auto load = Load::parse({bad}, 10);
    REQUIRE(!load);
    CHECK(fits("smtpd_load_limits: *", load.error().text));
  }
  CHECK(!Load::parse({"50:50", "50:20"}, 10));
  CHECK(!Load::parse({"50:50", "60:50"}, 10));
  CHECK(Load::parse({}, 10)->percent(false) == 100);
}

TEST_CASE("a session that waits already feels a step, by what it has used") {
  Host host(
      "smtpd_timeout = 100s\nprocess_session_limit = 4\nsmtpd_load_limits = 50:50 75:20\n"
      "smtpd_first_command_time_limit = 0\n");
  Client old(host, "192.0.2.1");
  old.expect("220 *");
  host.loop.advance(seconds(30));
  Client second(host, "192.0.2.2"), third(host, "192.0.2.3");
  second.expect("220 *");
  // 20 seconds now: the first one has had 30, the second one none.
  host.loop.advance(milliseconds(900));
  old.expect_silence();
  host.loop.advance(milliseconds(100));
  old.expect(kTimeout);
  host.loop.advance(seconds(18));
  second.expect_silence();
  host.loop.advance(seconds(1));
  second.expect(kTimeout);
  CHECK(host.logged("service * has 3 of 4 sessions *") +
            host.logged("warning: service * has 2 of 4 sessions *") ==
        1);
}

TEST_CASE("who delivered mail does not go first") {
  Host host("smtpd_timeout = 100s\nprocess_session_limit = 10\n");
  CHECK(!make_room(host.shared));
  Client good(host, "192.0.2.1");
  for (const char* line :
       {"HELO x", "MAIL FROM:<ann@client.example>", "RCPT TO:<bob@home.example>", "DATA", "x\r\n."}) {
    good.hears();
    good.says(line);
  }
  CHECK(good.hears().find("queued as") != std::string::npos);
  host.loop.advance(seconds(30));
  Client first(host, "192.0.2.2");
  host.loop.advance(seconds(3));
  Client second(host, "192.0.2.3");
  first.expect("220 *");
  host.loop.advance(seconds(2));
  CHECK(make_room(host.shared));
  first.expect(kBusy);
  CHECK(first.is_over());
  CHECK(host.logged("session given up after CONNECT from unknown[192.0.2.2]: all 10 sessions are in use, and "
                    "it has not "
                    "delivered mail") == 1);
  CHECK(host.shared.shed.get() == 1);
  CHECK(host.shared.timed_out.get() == 0);
  CHECK(make_room(host.shared));
  second.expect("220 *");
  second.expect(kBusy);
  good.expect_silence();
  CHECK(make_room(host.shared));
  good.expect(kBusy);
  // One that has just come is not better than another that would.
  Client last(host, "192.0.2.4");
  last.expect("220 *");
  CHECK(!make_room(host.shared));
}

TEST_CASE("a session that speaks in the same moment stays") {
  Host host("process_session_limit = 10\n");
  Client client(host, "192.0.2.1");
  client.expect("220 *");
  host.loop.advance(seconds(2));
  client.says("NOOP");
  CHECK(make_room(host.shared));
  client.expect("250 *");
  CHECK(!client.is_over());
}
