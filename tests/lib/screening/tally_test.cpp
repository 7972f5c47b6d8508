#include "lib/screening/tally.h"

#include <doctest/doctest.h>

#include <set>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::screening;

TEST_CASE("Each number has a name of its own and a meaning") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kCounts; ++i) {
    const CountName& name = name_of(static_cast<Count>(i));
    CHECK(names.insert(name.name).second);
    CHECK(!name.meaning.empty());
    CHECK(name.name.size() <= 51);  // what the scoreboard has room for
  }
}

TEST_CASE("The numbers of a test have the name of the test and what was done about it") {
  for (const Test test : kAllTests) {
    CHECK(name_of(count_of(test, Outcome::passed)).name == concat(name_of(test), "_passed"));
    CHECK(name_of(count_of(test, Action::ignore)).name == concat(name_of(test), "_ignored"));
    CHECK(name_of(count_of(test, Action::enforce)).name == concat(name_of(test), "_enforced"));
    CHECK(name_of(count_of(test, Action::drop)).name == concat(name_of(test), "_dropped"));
  }
}

TEST_CASE("Clients are counted under their network") {
  struct Row {
    std::string_view address, network;
  };
  for (const Row& row : {Row{"192.0.2.77", "192.0.2.0/24"},
                         {"2001:db8:7:8::9", "2001:db8:7::/48"},
                         {"::ffff:192.0.2.77", "192.0.2.0/24"},
                         {"::1", "::/48"}}) {
    CHECK(network_of(*InetAddress::parse(row.address)) == row.network);
  }
}

TEST_CASE("A tally is bounded, and those who offend most stay in it") {
  Tally tally;
  CHECK(tally.empty());
  tally.visited("the worst", {1000, 1000});
  for (std::size_t i = 0; i < 3 * Tally::kNetworks; ++i)
    tally.visited(concat("network ", i), {1, i % 2 == 0});
  CHECK(tally.networks().size() <= Tally::kNetworks);
  CHECK(tally.networks().at("the worst") == Visits{1000, 1000});
  for (std::size_t i = 0; i < 2 * Tally::kLists; ++i) tally.listed(concat("list ", i));
  CHECK(tally.lists().size() == Tally::kLists);
  CHECK(!tally.empty());
}

TEST_CASE("Two tallies are one") {
  Tally one, other;
  one.add(Count::pass_new, 2);
  other.add(Count::pass_new, 3);
  other.listed("zen.example", 4);
  other.visited("192.0.2.0/24", {5, 1});
  one.add(other);
  one.add(other);
  CHECK(one.of(Count::pass_new) == 8);
  CHECK(one.lists().at("zen.example") == 8);
  CHECK(one.networks().at("192.0.2.0/24") == Visits{10, 2});
}

TEST_CASE("The worst networks come first, and those without offences not at all") {
  Tally tally;
  tally.visited("b", {9, 2});
  tally.visited("a", {9, 2});
  tally.visited("c", {1, 7});
  tally.visited("d", {1000, 0});
  using Worst = std::vector<std::pair<std::string, Visits>>;
  CHECK(worst_of(tally, 2) == Worst{{"c", {1, 7}}, {"a", {9, 2}}});
  CHECK(worst_of(tally, 9).size() == 3);
  CHECK(worst_of({}, 9).empty());
}
