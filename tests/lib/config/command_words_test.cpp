#include "lib/config/command_words.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::config;

namespace {

std::string why_not(const std::vector<std::string>& words) {
  const auto attributes = parse_command_words(words);
  return attributes ? "" : attributes.error().text;
}

}  // namespace

TEST_CASE("user= and argv= say whom the command runs as and what it is") {
  const auto plain = parse_command_words({"user=ann", "argv=/usr/bin/policy"});
  REQUIRE(plain);
  CHECK(plain->user == "ann");
  CHECK(plain->group.empty());
  CHECK(plain->words == std::vector<std::string>{"/usr/bin/policy"});

  const auto full =
      parse_command_words({"user=ann:staff", "argv=policy", "-v", "user=root", "argv=x", "two words"});
  REQUIRE(full);
  CHECK(full->group == "staff");
  CHECK(full->words == std::vector<std::string>{"policy", "-v", "user=root", "argv=x", "two words"});
}

TEST_CASE("what is missing or unknown is named") {
  CHECK(why_not({}) == "attribute user= is missing");
  CHECK(why_not({"argv=true"}) == "attribute user= is missing");
  CHECK(why_not({"user=ann"}) == "attribute argv= is missing");
  CHECK(why_not({"user=ann", "argv="}) == "attribute argv= is missing");
  CHECK(why_not({"user=", "argv=true"}) == "attribute user= needs USER or USER:GROUP, not \"user=\"");
  CHECK(why_not({"user=ann:", "argv=true"}) == "attribute user= needs USER or USER:GROUP, not \"user=ann:\"");
  CHECK(why_not({"user=ann", "flags=R", "argv=true"}) == "unknown attribute \"flags=R\"");
}
