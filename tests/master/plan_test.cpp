#include "master/plan.h"

#include <doctest/doctest.h>

#include <map>

using namespace postern;
using namespace postern::master;

namespace {

Service service(const std::string& name, const std::string& key) {
  Service made;
  made.name = name;
  made.program = "smtpd";
  made.limit = 100;
  made.addresses = {{key, {}}};
  return made;
}

std::map<std::string, Change> changes(const std::vector<Service>& running, const std::vector<Service>& wanted,
                                      Renew renew = Renew::changed) {
  std::map<std::string, Change> found;
  for (const Step& step : plan_reload(running, wanted, renew)) {
    found[step.change == Change::remove ? running[step.before].name : wanted[step.after].name] = step.change;
  }
  return found;
}

Standing standing(unsigned current, unsigned available, unsigned leaving = 0) {
  Standing made;
  made.current = current;
  made.available = available;
  made.leaving = leaving;
  return made;
}

}  // namespace

TEST_CASE("services come, go and stay") {
  const auto a = service("a", "inet:127.0.0.1:1"), b = service("b", "inet:127.0.0.1:2"),
             c = service("c", "inet:127.0.0.1:3");
  CHECK(changes({}, {a, b}) == std::map<std::string, Change>{{"a", Change::add}, {"b", Change::add}});
  CHECK(changes({a, b}, {b, c}) ==
        std::map<std::string, Change>{{"a", Change::remove}, {"b", Change::keep}, {"c", Change::add}});
  CHECK(changes({a, b}, {}) == std::map<std::string, Change>{{"a", Change::remove}, {"b", Change::remove}});
}

TEST_CASE("what an edit of one service means for its processes") {
  const auto before = service("smtp", "inet:127.0.0.1:25");
  const std::pair<void (*)(Service&), Change> edits[] = {
      {[](Service&) {}, Change::keep},
      {[](Service& s) { s.line = 9; }, Change::keep},
      {[](Service& s) { s.limit = 7; }, Change::adjust},
      {[](Service& s) { s.wakeup = seconds(60); }, Change::adjust},
      {[](Service& s) { s.wakeup_if_used = true; }, Change::adjust},
      {[](Service& s) { s.limit = 1; }, Change::renew},
      {[](Service& s) { s.limit = 0; }, Change::renew},
      {[](Service& s) { s.arguments = {"-v"}; }, Change::renew},
      {[](Service& s) { s.chroot = true; }, Change::renew},
      {[](Service& s) { s.unprivileged = false; }, Change::renew},
      {[](Service& s) { s.program = "screen"; }, Change::renew},
      {[](Service& s) { s.name = "25"; }, Change::renew},
  };
  for (const auto& [edit, expected] : edits) {
    auto after = before;
    edit(after);
    CHECK(changes({before}, {after}).begin()->second == expected);
  }
}

TEST_CASE("a service that moves to another address is another service") {
  const auto before = service("smtp", "inet:127.0.0.1:25"), after = service("smtp", "inet:127.0.0.1:26");
  const auto steps = plan_reload({before}, {after}, Renew::changed);
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].change == Change::add);
  CHECK(steps[1].change == Change::remove);
}

TEST_CASE("when everything changed, all processes are renewed") {
  const auto a = service("a", "inet:127.0.0.1:1");
  CHECK(changes({a}, {a}, Renew::all) == std::map<std::string, Change>{{"a", Change::renew}});
}

TEST_CASE("a process is started when nobody is available and the limit allows it") {
  auto many = service("smtp", "k");
  many.limit = 2;
  CHECK(may_start(many, standing(0, 0)));
  CHECK(!may_start(many, standing(1, 1)));
  CHECK(may_start(many, standing(1, 0)));
  CHECK(!may_start(many, standing(2, 0)));
  CHECK(is_saturated(many, standing(2, 0)));
  CHECK(!is_saturated(many, standing(2, 1)));
  CHECK(may_start(many, standing(1, 0, 5)));
  many.limit = 0;
  CHECK(may_start(many, standing(5000, 0)));
  CHECK(!is_saturated(many, standing(5000, 0)));
}

TEST_CASE("of a single process the next one waits for the one before") {
  auto single = service("qmgr", "k");
  single.limit = 1;
  CHECK(may_start(single, standing(0, 0)));
  CHECK(!may_start(single, standing(0, 0, 1)));
  CHECK(!may_start(single, standing(1, 0)));
}

TEST_CASE("nothing starts while throttled or stopping") {
  const auto any = service("smtp", "k");
  Standing now = standing(0, 0);
  now.throttled = true;
  CHECK(!may_start(any, now));
  CHECK(!is_saturated(any, now));
  now.throttled = false;
  now.stopping = true;
  CHECK(!may_start(any, now));
}

TEST_CASE("what the end of a process says about its program") {
  Ending ending;
  ending.lived = milliseconds(5);
  CHECK(judge(ending) == Verdict::bad_start);
  ending.clean = true;
  CHECK(judge(ending) == Verdict::bad_start);
  ending.was_told = true;  // what it was before does not matter any more
  CHECK(judge(ending) == Verdict::fine);
  ending.was_told = false;
  ending.was_available = true;
  CHECK(judge(ending) == Verdict::useless);
  CHECK(!is_proof(ending));
  SUBCASE("one that left in order was idle") {
    ending.said_leaving = true;
    CHECK(judge(ending) == Verdict::fine);
    CHECK(!is_proof(ending));
    ending.clean = false;
    CHECK(judge(ending) == Verdict::useless);
  }
  SUBCASE("one that died in a session does not stop the others") {
    ending.clean = false;
    ending.has_served = true;
    CHECK(judge(ending) == Verdict::fine);
    CHECK(is_proof(ending));
  }
  SUBCASE("one that lived long enough has shown that it can") {
    ending.clean = false;
    ending.lived = seconds(11);
    CHECK(judge(ending) == Verdict::fine);
    CHECK(is_proof(ending));
  }
}
