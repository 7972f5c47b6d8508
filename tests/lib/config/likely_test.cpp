#include "lib/config/likely.h"

#include <doctest/doctest.h>

#include <string>

using namespace postern::config;

TEST_CASE("slips between two names") {
  const struct {
    std::string_view a, b;
    std::size_t slips;
  } cases[] = {{"smtp", "smtp", 0},  {"smtp", "SMTP", 0}, {"smpt", "smtp", 1},  {"smt", "smtp", 1},
               {"smttp", "smtp", 1}, {"smxp", "smtp", 1}, {"ca", "abc", 3},     {"", "ab", 2},
               {"", "", 0},          {"abcd", "badc", 2}, {"abcdef", "xyz", 4}, {"a", "abcdefgh", 4}};
  for (const auto& row : cases) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(slips_between(row.a, row.b, 3) == row.slips);
    CHECK(slips_between(row.b, row.a, 3) == row.slips);
  }
}

TEST_CASE("slips are counted up to a bound, and never in long names") {
  CHECK(slips_between("abcdef", "uvwxyz", 2) == 3);
  CHECK(slips_between(std::string(100, 'a'), std::string(99, 'a'), 2) == 1);
  CHECK(slips_between(std::string(101, 'a'), std::string(101, 'a'), 2) == 3);
  CHECK(slips_between(std::string(1'000'000, 'a'), std::string(1'000'000, 'a'), 2) == 3);
}

TEST_CASE("the likely name is the nearest that is near enough") {
  const auto likely = [](std::string_view word) {
    Likely found(word);
    for (const auto name : {"mydomain", "mydestination", "myhostname", "myorigin", "x", "max"})
      found.offer(name);
    return std::string(found.best());
  };
  CHECK(likely("mydomian") == "mydomain");
  CHECK(likely("my-destination") == "mydestination");
  CHECK(likely("MYORIGIN") == "myorigin");
  CHECK(likely("mix") == "max");
  CHECK(likely("y") == "");
  CHECK(likely("unheard_of") == "");
}

TEST_CASE("of two names that are equally near the first is offered") {
  Likely likely("cat");
  likely.offer("bat");
  likely.offer("hat");
  CHECK(likely.question() == ": did you mean bat?");
  CHECK(Likely("cat").question().empty());
}
