// What smtpd does when many sessions are in use: limits that tighten, and sessions that give way.
#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;
using smtpd::Load;
using smtpd::make_room;

namespace {

constexpr std::string_view kBusy = "421 4.3.2 mx.example Error: server busy, try again later";

Load load_of(std::vector<std::string> steps, std::size_t capacity) {
  auto load = Load::parse(steps, capacity);
  REQUIRE(load);
  return *load;
}

}  // namespace

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
  load.follow(50);
  CHECK(load.news(now, "smtp") ==
        "service \"smtp\" has 50 of 100 sessions of a process in use: time limits are 50 percent of normal");
  load.follow(80);
  load.follow(10);
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
  CHECK(host.logged("timeout after CONNECT from unknown[192.0.2.1]: smtpd_load_limits") == 1);
  host.loop.advance(seconds(18));
  second.expect_silence();
  host.loop.advance(seconds(1));
  second.expect(kTimeout);
  CHECK(host.logged("service * has 3 of 4 sessions *") +
            host.logged("warning: service * has 2 of 4 sessions *") ==
        1);
}

TEST_CASE("replies to errors wait only as long as there is room") {
  Host host("process_session_limit = 4\nsmtpd_load_limits = 50:20\nsmtpd_soft_error_limit = 1\n");
  Client wrong(host, "192.0.2.1");
  wrong.expect("220 *");
  const auto errs = [&] {
    wrong.says("DATA");
    wrong.hears();
  };
  errs();
  errs();
  host.loop.advance(milliseconds(900));
  CHECK(wrong.hears().empty());
  host.loop.advance(milliseconds(100));
  CHECK(wrong.hears().starts_with("503 "));
  Client another(host, "192.0.2.2");
  another.expect("220 *");
  errs();
  CHECK(wrong.hears().empty());
  host.loop.advance(milliseconds(200));
  CHECK(wrong.hears().starts_with("503 "));
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

TEST_CASE("where all of them say something in time, the one that gets on least gives way") {
  Host host("process_session_limit = 10\n");
  Client talker(host, "192.0.2.1"), slow(host, "192.0.2.2"), slower(host, "192.0.2.3");
  talker.says("EHLO x");
  for (Client* sender : {&slow, &slower}) sender->says("HELO x\r\nMAIL FROM:<ann@client.example>");
  host.loop.advance(milliseconds(100));
  for (Client* sender : {&slow, &slower}) sender->says("RCPT TO:<bob@home.example>\r\nDATA");
  for (Client* client : {&talker, &slow, &slower}) {
    host.loop.advance(milliseconds(100));
    client->hears();
  }
  // Not one of them keeps the server waiting for a whole second.
  const auto go_on = [&](int tenths) {
    for (int i = 0; i < tenths; ++i) {
      if (i % 5 == 0) talker.says("EHLO x");
      slow.says(std::string(200, 'x'));
      slower.says(std::string(60, 'x'));
      host.loop.advance(milliseconds(100));
      talker.hears();
    }
  };
  go_on(40);
  CHECK(!make_room(host.shared));
  go_on(400);
  CHECK(make_room(host.shared));
  CHECK(talker.hears().ends_with(concat(kBusy, "\r\n")));
  CHECK(host.logged(
            "session given up after EHLO from unknown[192.0.2.1]: all 10 sessions are in use, and it has "
            "not delivered mail") == 1);
  CHECK(make_room(host.shared));
  CHECK(slower.hears().ends_with(concat(kBusy, "\r\n")));
  CHECK(host.logged("session given up after DATA (* bytes) from unknown[192.0.2.3]: *") == 1);
  CHECK(!slow.is_over());
}
