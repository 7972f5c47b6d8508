// What follows from the results of tests; the clients of a moment; the load.
#include "screen/judgement.h"

#include <doctest/doctest.h>

#include "screen/access_list.h"
#include "screen/clients.h"
#include "screen/load.h"
#include "tests/lib/net/support.h"

using namespace postern;
using namespace postern::screen;

namespace {

constexpr std::int64_t kNow = 1'000'000;
constexpr TestSet kAll = TestSet::of_bits(0x1f);

Passes passes(std::array<std::int64_t, screening::kTests> until) { return Passes{until}; }

Judgement judged(TestSet enabled, std::array<std::int64_t, screening::kTests> known) {
  Judgement judgement;
  judgement.begin(enabled, passes(known), kNow);
  return judgement;
}

End end(std::string_view address, unsigned port = 25) {
  return End::of(*net::Endpoint::parse(address, port));
}

}  // namespace

TEST_CASE("what is to do follows from what is enabled, and from what was passed and when") {
  CHECK(judged(kAll, {}).to_do() == kAll);
  CHECK(judged(kAll, {}).is_new());
  CHECK(judged({Test::pregreet}, {}).to_do() == TestSet{Test::pregreet});
  CHECK(judged(kAll, {kNow + 1, kNow + 1, kNow + 1, kNow + 1, kNow + 1}).to_do().empty());
  CHECK(judged(kAll, {kNow + 1, kNow + 1, kNow, 1, kNow + 1}).to_do() ==
        TestSet{Test::pipelining, Test::non_smtp_command});
  // A test that was switched off once, or has expired, does not make a client new.
  CHECK_FALSE(judged(kAll, {kNow, 1, 1, 1, 1}).is_new());
  CHECK_FALSE(judged({Test::pregreet}, {kNow, 0, 0, 0, 0}).is_new());
  CHECK(judged(kAll, {kNow + 9, 0, 1, 1, 1}).is_new());
  // DNS lists are asked whenever the client has to wait anyway.
  CHECK(judged(kAll, {kNow, kNow + 9, kNow + 9, kNow + 9, kNow + 9}).to_do() ==
        TestSet{Test::pregreet, Test::dnsbl});
  CHECK(judged({Test::pregreet}, {kNow, kNow + 9, 0, 0, 0}).to_do() == TestSet{Test::pregreet});
}

TEST_CASE("a client is good when it passed all that it had to and failed nothing") {
  Judgement judgement = judged({Test::pregreet, Test::pipelining}, {});
  CHECK_FALSE(judgement.has_news());
  judgement.pass(Test::pregreet, kNow + 10);
  CHECK(judgement.has_news());
  CHECK_FALSE(judgement.is_passed());
  CHECK(judgement.open(screening::kDeepTests) == TestSet{Test::pipelining});
  judgement.pass(Test::pipelining, kNow + 20);
  CHECK(judgement.is_passed());
  CHECK(judgement.results({Test::pregreet, Test::pipelining}) == passes({kNow + 10, 1, kNow + 20, 1, 1}));
}

TEST_CASE("a failure that is ignored keeps the client from nothing but that test") {
  Judgement judgement = judged({Test::pregreet, Test::dnsbl}, {});
  judgement.fail(Test::pregreet, Action::ignore);
  judgement.pass(Test::dnsbl, kNow + 10);
  CHECK_FALSE(judgement.is_refused());
  CHECK_FALSE(judgement.is_passed());
  CHECK(judgement.has_news());
  CHECK(judgement.results({Test::pregreet, Test::dnsbl}) == passes({0, kNow + 10, 1, 1, 1}));
}

TEST_CASE("a client that is refused has no results") {
  for (const Action action : {Action::enforce, Action::drop}) {
    Judgement judgement = judged(kAll, {});
    judgement.pass(Test::dnsbl, kNow + 10);
    judgement.fail(Test::pregreet, action);
    CHECK(judgement.is_refused());
    CHECK_FALSE(judgement.has_news());
  }
  Judgement judgement = judged({Test::pregreet}, {});
  judgement.pass(Test::pregreet, kNow + 10);
  judgement.veto();
  CHECK_FALSE(judgement.has_news());
}

TEST_CASE("DNS lists that vouch for a client excuse it from tests, also from those that are switched off") {
  Judgement judgement =
      judged({Test::pregreet, Test::dnsbl, Test::pipelining}, {0, 0, kNow - 1, kNow + 500, 0});
  judgement.pass(Test::dnsbl, kNow + 60);
  judgement.excuse(kNow + 60);
  CHECK(judgement.is_passed());
  CHECK(judgement.results({Test::pregreet, Test::dnsbl, Test::pipelining}) ==
        passes({kNow + 60, kNow + 60, kNow + 60, kNow + 500, kNow + 60}));
  Judgement failed = judged({Test::pregreet, Test::dnsbl, Test::pipelining}, {});
  failed.fail(Test::pregreet, Action::ignore);
  failed.excuse(kNow + 60);
  CHECK(failed.passed().empty());
}

TEST_CASE("a client is an address, or a network if that is wanted") {
  Clients exact({32, 128});
  CHECK(exact.key(end("192.0.2.77")) == "192.0.2.77");
  CHECK(exact.key(end("2001:db8:1:2:3::4")) == "2001:db8:1:2:3::4");
  Clients clients({24, 48});
  CHECK(clients.key(end("192.0.2.77")) == "192.0.2.0/24");
  CHECK(clients.key(end("2001:db8:1:2:3::4")) == "2001:db8:1::/48");
  {
    auto first = clients.visit(end("192.0.2.77", 1));
    auto second = clients.visit(end("192.0.2.78", 2));
    auto third = clients.visit(end("192.0.2.78", 3));
    const auto other = clients.visit(end("192.0.3.78"));
    CHECK(first->visits == 3);
    CHECK(other->visits == 1);
    CHECK(clients.connections(end("192.0.2.78", 9)) == 2);
    CHECK(clients.connections(end("192.0.2.77", 9)) == 1);
    first->told_new = 7;
    auto report = second.share();
    third.end_visit();
    second = {};
    CHECK(first->visits == 1);
    CHECK(clients.connections(end("192.0.2.78")) == 0);
    first = {};
    third = {};
    CHECK(report->told_new == 7);
    CHECK(report->visits == 0);
  }
  CHECK(clients.visit(end("192.0.2.77"))->told_new == 0);
}

TEST_CASE("stress begins at nine tenths of the clients that may be tested, and ends at seven") {
  Load load(10, 5);
  for (int i = 1; i <= 8; ++i) {
    load.began();
    CHECK(load.change() == Load::Change::none);
  }
  load.began();
  CHECK(load.change() == Load::Change::entered);
  CHECK_FALSE(load.too_many_to_judge());
  load.began();
  CHECK(load.too_many_to_judge());
  CHECK(load.change() == Load::Change::none);
  load.ended();
  load.ended();
  CHECK(load.change() == Load::Change::none);
  load.queued();
  load.ended();
  CHECK(load.change() == Load::Change::none);
  load.taken();
  CHECK(load.change() == Load::Change::left);
  for (int i = 0; i < 5; ++i) load.queued();
  CHECK(load.too_many_waiting());
}

namespace {

const std::string kAccessTable =
    "cidr:{ { 198.51.100.1 dunno } { 198.51.100.0/24 reject } { 203.0.113.0/24 permit_mynetworks, REJECT } "
    "{ 203.0.114.0/24 maybe } }";

std::string told_by(config::List words, std::string_view address) {
  auto list = AccessList::open(words, {"192.0.2.0/24"});
  if (!list) return list.error().text;
  net::Loop loop;
  const Access found = net::testing::finish(loop, list->judge(address));
  const auto now = list->judge_now(address);
  if (now) CHECK(*now == found);
  return std::string(found == Access::permit ? "permit" : found == Access::reject ? "reject" : "dunno");
}

}  // namespace

TEST_CASE("the first word of the access list that says something about a client decides") {
  CHECK(told_by({"permit_mynetworks"}, "192.0.2.1") == "permit");
  CHECK(told_by({"permit_mynetworks"}, "192.0.3.1") == "dunno");
  CHECK(told_by({"permit_mynetworks", "reject"}, "192.0.3.1") == "reject");
  CHECK(told_by({kAccessTable, "permit"}, "198.51.100.1") == "permit");
  CHECK(told_by({kAccessTable, "permit"}, "198.51.100.2") == "reject");
  CHECK(told_by({kAccessTable, "permit"}, "203.0.113.2") == "reject");
  CHECK(told_by({kAccessTable}, "2001:db8::1") == "dunno");
  CHECK(told_by({"static:reject"}, "2001:db8::1") == "reject");
  CHECK(told_by({"dunno", "reject"}, "203.0.113.2") == "dunno");
  CHECK(told_by({"static:{dunno reject}", "permit"}, "203.0.113.2") == "permit");
}

TEST_CASE("where an access list is broken, it ends, and refuses nobody") {
  CHECK(told_by({kAccessTable, "reject"}, "203.0.114.2") == "dunno");
  CHECK(told_by({"permit_everybody", "reject"}, "192.0.2.1") == "dunno");
  CHECK(told_by({"permit_mynetworks", "permit_everybody", "reject"}, "192.0.2.1") == "permit");
  CHECK(told_by({"cidr:/no/such/file", "reject"}, "192.0.2.1") == "dunno");
  CHECK(told_by({"nosuch:type", "reject"}, "192.0.2.1") == "dunno");
  CHECK(told_by({"fail:it", "reject"}, "192.0.2.1") == "dunno");
}
