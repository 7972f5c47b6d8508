// What DNS lists say about a client, with a DNS server whose answers the test has in hand.
#include "screen/dns_lists.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/config/main_cf.h"
#include "tests/lib/net/dns_server.h"

using namespace postern;
using namespace postern::screen;
using namespace postern::net::testing;
using net::DnsType;

namespace {

std::string bytes(unsigned a, unsigned b, unsigned c, unsigned d) {
  return {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c), static_cast<char>(d)};
}

// "No", with how long that may be kept.
Scripted no(unsigned ttl) {
  Scripted what;
  what.code = 3;
  what.authority = {record(
      "test", DnsType{6},
      wire_name("ns.test") + wire_name("root.test") + quad(1) + quad(2) + quad(3) + quad(4) + quad(ttl),
      86400)};
  return what;
}

struct Desk {
  explicit Desk(std::string_view main_cf, std::string_view servers = "")
      : log_(::memfd_create("log", MFD_CLOEXEC)) {
    const std::string own = servers.empty() ? server.address() : std::string(servers);
    settings.emplace(*config::MainCf::parse(concat("dns_servers = ", own, "\n", main_cf)));
    REQUIRE(params.load(*settings));
    log::open(
        {"postfix/postscreen", "mx", log::Target::descriptor, Fd(::fcntl(log_.get(), F_DUPFD_CLOEXEC, 3))});
    auto opened = DnsLists::open(loop, *settings, params);
    if (opened) {
      lists = std::move(*opened);
    } else {
      error = opened.error().text;
    }
  }
  ~Desk() { log::open(log::Setup()); }

  void listed(std::string_view name, std::vector<std::string> addresses, unsigned ttl = 300) {
    Scripted what;
    for (const auto& address : addresses) what.records.push_back(record(name, DnsType::a, address, ttl));
    server.on(name, DnsType::a, what);
  }
  void silent(std::string_view name) {
    Scripted what;
    what.silent = true;
    server.on(name, DnsType::a, what);
  }
  std::shared_ptr<Inquiry> ask(std::string_view address) { return lists->ask(InetAddress::parse(address)); }
  std::shared_ptr<Inquiry> answer(std::string_view address) {
    auto inquiry = ask(address);
    turn_until(loop, [&] { return inquiry->complete(); });
    return inquiry;
  }
  // The lines so far, in order of the alphabet, without time and process id.
  std::vector<std::string> log() {
    log::flush();
    std::string text(65536, '\0');
    text.resize(static_cast<std::size_t>(::pread(log_.get(), text.data(), text.size(), 0)));
    std::vector<std::string> lines;
    for (const auto line : split_words(text, "\n")) {
      const auto program = line.substr(line.find("postfix/") + 8);
      lines.push_back(concat(program.substr(0, program.find('[')), program.substr(program.find("]:") + 1)));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  DnsServer server;
  net::Loop loop;
  std::optional<config::Settings> settings;
  config::ScreenParams params;
  std::unique_ptr<DnsLists> lists;
  std::string error;

 private:
  Fd log_;
};

struct Counter : Inquiry::Waiter {
  void lists_answered() override { ++calls; }
  int calls = 0;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("scores are the sums of weights, and the heaviest site's list is to blame") {
  struct Row {
    std::string_view sites;
    std::vector<std::string> a, b;  // what a.test and b.test answer
    int score;
    std::string_view blame;
    std::uint64_t questions;
  };
  const auto two = bytes(127, 0, 0, 2), four = bytes(127, 0, 0, 4), odd = bytes(192, 0, 2, 7);
  const Row rows[] = {
      {"a.test b.test", {}, {}, 0, "", 2},
      {"a.test, b.test", {two}, {two}, 2, "b.test", 2},
      {"a.test*2 b.test", {two}, {two}, 3, "a.test", 2},
      {"a.test*-2 b.test", {two}, {two}, -1, "b.test", 2},
      {"a.test*-2 b.test", {two}, {}, -2, "a.test", 2},
      {"a.test*-5 b.test*-3", {two}, {two}, -8, "b.test", 2},
      {"a.test=127.0.0.2*3 a.test=127.0.0.[3..9]*4 a.test", {two, four}, {}, 8, "a.test", 1},
      {"a.test=127.0.0.2*3 a.test=127.0.0.[3..9]*4", {two}, {}, 3, "a.test", 1},
      {"a.test=127.0.0.[2;4]*3", {two, four}, {}, 3, "a.test", 1},
      {"a.test=127.0.0.3", {two}, {}, 0, "", 1},
      {"a.test a.test A.TEST", {two}, {}, 3, "a.test", 1},
      {"a.test", {odd}, {}, 1, "a.test", 1},
      {"a.test*2147483647 b.test*2147483647", {two}, {two}, 2147483647, "", 2},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sites);
    Desk desk(concat("postscreen_dnsbl_sites = ", row.sites, "\n"));
    REQUIRE(desk.error.empty());
    if (!row.a.empty()) desk.listed("9.2.0.192.a.test", row.a);
    if (!row.b.empty()) desk.listed("9.2.0.192.b.test", row.b);
    const auto inquiry = desk.answer("192.0.2.9");
    CHECK(inquiry->score() == row.score);
    // Of two that weigh the same it is the one that answered first.
    const bool tie = row.a.size() == row.b.size() && row.score != 3 && row.score > 0 && row.questions == 2;
    if (!tie) CHECK(inquiry->blame() == row.blame);
    CHECK(static_cast<std::uint64_t>(desk.server.questions()) == row.questions);
    CHECK(desk.lists->lists() == row.questions);
    CHECK(desk.lists->under_way() == 0);
    CHECK(desk.loop.timers() == 0);
  }
}

TEST_CASE("hits and failures are logged as dnsblog logs them, and counted by list") {
  Desk desk("postscreen_dnsbl_sites = zen.test six.test fail.test none.test=127.0.0.9\n");
  desk.listed("4.3.2.1.zen.test", {bytes(127, 0, 0, 4), bytes(127, 0, 0, 10)});
  desk.listed("4.3.2.1.none.test", {bytes(127, 0, 0, 1)});
  desk.listed("8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.six.test",
              {bytes(127, 0, 0, 2)});
  Scripted fail;
  fail.code = 2;
  desk.server.on("4.3.2.1.fail.test", DnsType::a, fail);
  CHECK(desk.answer("1.2.3.4")->score() == 1);
  CHECK(desk.log() ==
        Lines{
            "dnsblog: addr 1.2.3.4 listed by domain none.test as 127.0.0.1",
            "dnsblog: addr 1.2.3.4 listed by domain zen.test as 127.0.0.10",
            "dnsblog: addr 1.2.3.4 listed by domain zen.test as 127.0.0.4",
            "dnsblog: warning: dnsblog_query: lookup error for DNS query 4.3.2.1.fail.test: Host or domain "
            "name not found. Name service error for name=4.3.2.1.fail.test type=A: Host not found, try again",
        });
  const auto& lists = *desk.lists;
  REQUIRE(lists.lists() == 4);
  CHECK(lists.domain(0) == "zen.test");
  CHECK(lists.tally(0).listed == 1);
  CHECK(lists.tally(1).listed == 0);
  CHECK(lists.tally(2).failed == 1);
  CHECK(lists.tally(3).listed == 0);
  CHECK(lists.tally(3).asked == 1);
  CHECK(desk.answer("2001:db8::8")->blame() == "six.test");
  CHECK(desk.log()[4] ==
        "dnsblog: warning: dnsblog_query: lookup error for DNS query 4.3.2.1.fail.test: Host or domain name "
        "not found. Name service error for name=4.3.2.1.fail.test type=A: Host not found, try again");
  CHECK(desk.log()[3] == "dnsblog: addr 2001:db8::8 listed by domain six.test as 127.0.0.2");
  CHECK(desk.answer("::ffff:1.2.3.4")->score() == 1);
}

TEST_CASE("a pass counts as long as the answers, within bounds") {
  struct Row {
    std::string_view main_cf;
    unsigned yes, no;  // ttl of either list's answer; 0: it fails
    std::int64_t ttl;
  };
  const Row rows[] = {
      {"", 300, 400, 300},
      {"", 400, 300, 300},
      {"", 30, 300, 60},
      {"", 9000, 7200, 3600},
      {"postscreen_dnsbl_max_ttl = 2h", 9000, 7100, 7100},
      {"postscreen_dnsbl_min_ttl = 2s", 300, 1, 2},
      {"", 300, 0, 60},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ttl);
    Desk desk(concat("postscreen_dnsbl_sites = a.test=127.0.0.99, b.test\n", row.main_cf, "\n"));
    desk.listed("9.2.0.192.a.test", {bytes(127, 0, 0, 2)}, row.yes);
    Scripted fail;
    fail.code = 2;
    desk.server.on("9.2.0.192.b.test", DnsType::a, row.no == 0 ? fail : no(row.no));
    CHECK(desk.answer("192.0.2.9")->ttl() == seconds(row.ttl));
  }
}

TEST_CASE("clients of one address share an inquiry as long as somebody holds it") {
  Desk desk("postscreen_dnsbl_sites = a.test b.test\n");
  desk.listed("9.2.0.192.a.test", {bytes(127, 0, 0, 2)});
  auto first = desk.ask("192.0.2.9");
  auto second = desk.ask("192.0.2.9");
  CHECK(first == second);
  Counter one, two;
  first->when_complete(one);
  second->when_complete(two);
  {
    Counter gone;
    first->when_complete(gone);
  }
  CHECK(one.calls == 0);
  turn_until(desk.loop, [&] { return first->complete(); });
  CHECK(one.calls == 1);
  CHECK(two.calls == 1);
  CHECK(!one.is_waiting());
  // Complete, and still the same for the next one.
  second.reset();
  CHECK(desk.ask("192.0.2.9") == first);
  CHECK(desk.server.questions() == 2);
  first->when_complete(one);
  CHECK(!one.is_waiting());
  // Nobody holds it: it is asked again. It goes on by itself, and whoever comes meanwhile shares it.
  first.reset();
  desk.ask("192.0.2.9");
  CHECK(desk.lists->under_way() == 1);
  desk.answer("192.0.2.9");
  CHECK(desk.server.questions() == 4);
  CHECK(desk.lists->under_way() == 0);
}

TEST_CASE("a list that does not answer in time is left out of the score") {
  Desk desk("postscreen_dnsbl_sites = dead.test*5 a.test\npostscreen_dnsbl_timeout = 1s\n");
  desk.silent("9.2.0.192.dead.test");
  desk.listed("9.2.0.192.a.test", {bytes(127, 0, 0, 2)});
  desk.loop.advance(seconds(0));
  const auto inquiry = desk.ask("192.0.2.9");
  Counter waiter;
  inquiry->when_complete(waiter);
  turn_until(desk.loop, [&] { return inquiry->score() == 1; });
  CHECK(!inquiry->complete());
  CHECK(inquiry->blame() == "a.test");
  desk.loop.advance(milliseconds(999));
  CHECK(!inquiry->complete());
  desk.loop.advance(milliseconds(1));
  CHECK(inquiry->complete());
  CHECK(waiter.calls == 1);
  CHECK(inquiry->score() == 1);
  CHECK(desk.lists->tally(0).late == 1);
  CHECK(desk.log() == Lines{"dnsblog: addr 192.0.2.9 listed by domain a.test as 127.0.0.2",
                            "postscreen: warning: dnsblog reply timeout 1s for dead.test"});
}

TEST_CASE("a dead list does not fill the log") {
  Desk desk("postscreen_dnsbl_sites = dead.test\npostscreen_dnsbl_timeout = 1s\n");
  desk.loop.advance(seconds(0));
  for (int i = 0; i < 200; ++i) {
    desk.silent(concat(i, ".2.0.192.dead.test"));
    desk.ask(concat("192.0.2.", i));
  }
  desk.loop.advance(seconds(1));
  CHECK(desk.lists->under_way() == 0);
  CHECK(desk.lists->tally(0).late == 200);
  CHECK(desk.ask("192.0.2.9")->ttl() == seconds(60));
  CHECK(desk.log().size() == 10);
  desk.silent("9.2.0.192.dead.test");
  desk.ask("192.0.2.9");
  desk.loop.advance(seconds(1));
  const auto lines = desk.log();
  REQUIRE(lines.size() == 12);
  CHECK(lines[0] == "postscreen: warning: 190 more warnings about DNS queries for dead.test were left out");
}

TEST_CASE("the reply map hides names, and what cannot be asked hides them too") {
  Desk desk(
      "postscreen_dnsbl_sites = secret.zen.test b.test\n"
      "postscreen_dnsbl_reply_map = inline:{secret.zen.test=zen.test}\n");
  desk.listed("9.2.0.192.secret.zen.test", {bytes(127, 0, 0, 2)});
  desk.listed("8.2.0.192.b.test", {bytes(127, 0, 0, 2)});
  CHECK(desk.answer("192.0.2.9")->blame() == "zen.test");
  CHECK(desk.answer("192.0.2.8")->blame() == "b.test");

  Desk broken(
      "postscreen_dnsbl_sites = secret.zen.test\n"
      "postscreen_dnsbl_reply_map = fail:no\n");
  broken.listed("9.2.0.192.secret.zen.test", {bytes(127, 0, 0, 2)});
  CHECK(broken.answer("192.0.2.9")->blame() == "a DNS list");
}

TEST_CASE("nothing is asked without lists, or about what has no address") {
  Desk none("");
  CHECK(none.lists->empty());
  CHECK(none.ask("192.0.2.9")->complete());
  CHECK(none.ask("192.0.2.9")->score() == 0);

  Desk some("postscreen_dnsbl_sites = a.test\n");
  const auto inquiry = some.lists->ask(std::nullopt);
  CHECK(inquiry->complete());
  CHECK(inquiry->blame().empty());
  CHECK(some.server.questions() == 0);
}

TEST_CASE("what is wrong is said by name when it is opened") {
  CHECK(Desk("postscreen_dnsbl_sites = a.test, b.test*x\n").error ==
        "postscreen_dnsbl_sites: b.test*x: bad weight: \"x\"");
  CHECK(Desk("postscreen_dnsbl_sites = a.test\n", "nowhere")
            .error.find("not a DNS server's address: nowhere") != std::string::npos);
}

TEST_CASE("servers that are not there fail the questions, later than they were asked") {
  Desk desk("postscreen_dnsbl_sites = a.test b.test\n", "127.0.0.1:1");
  const auto inquiry = desk.ask("192.0.2.9");
  CHECK(!inquiry->complete());
  turn_until(desk.loop, [&] { return inquiry->complete(); });
  CHECK(desk.lists->tally(0).failed == 1);
  CHECK(desk.lists->tally(1).failed == 1);
  CHECK(inquiry->ttl() == seconds(60));
}

TEST_CASE("who holds an inquiry may outlive the lists") {
  std::shared_ptr<Inquiry> under_way, complete;
  Counter waiter;
  {
    Desk desk("postscreen_dnsbl_sites = a.test b.test\n");
    desk.silent("8.2.0.192.a.test");
    desk.listed("9.2.0.192.a.test", {bytes(127, 0, 0, 2)});
    complete = desk.answer("192.0.2.9");
    under_way = desk.ask("192.0.2.8");
    under_way->when_complete(waiter);
    desk.ask("192.0.2.7");
  }
  CHECK(complete->score() == 1);
  CHECK(under_way->complete());
  CHECK(waiter.calls == 0);
}
