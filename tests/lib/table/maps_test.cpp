#include "lib/table/maps.h"

#include <doctest/doctest.h>

#include "lib/table/opening.h"
#include "tests/lib/table/answer.h"

using namespace postern;
using table::AddressKeys;
using table::Maps;

namespace {

std::string keys(std::string_view address, AddressKeys which) {
  std::string text;
  for (const auto& match : table::address_keys(address, "+", which)) {
    text +=
        (text.empty() ? "" : " ") + match.key + (match.extension.empty() ? "" : "(" + match.extension + ")");
  }
  return text;
}

}  // namespace

TEST_CASE("addresses are looked up from the most to the least special key") {
  CHECK(keys("ann@x.example", AddressKeys::full) == "ann@x.example @x.example");
  CHECK(keys("ann+a+b@x", AddressKeys::full) == "ann+a+b@x ann@x(+a+b) @x");
  CHECK(keys("ann+a@x", AddressKeys::bare_user) == "ann+a@x ann@x(+a) ann+a ann(+a) @x");
  CHECK(keys("ann+a", AddressKeys::full) == "ann+a ann(+a)");
  CHECK(keys("\"a@b\"@x", AddressKeys::full) == "\"a@b\"@x @x");
  CHECK(keys("", AddressKeys::full) == "");
}

TEST_CASE("the first table that has the key wins") {
  const auto maps = Maps::open("virtual_mailbox_maps", "inline:{a=1, b=2}, inline:{ {b = 3}, c=4 }");
  REQUIRE(maps);
  CHECK(answer(maps->lookup("b")).value() == "2");
  CHECK(answer(maps->lookup("c")).value() == "4");
  CHECK_FALSE(answer(maps->lookup("d")).value());
  CHECK_FALSE(maps->empty());
  CHECK(Maps::open("x", " , ")->empty());
}

TEST_CASE("an address lookup says what matched") {
  const auto maps = Maps::open("maps", "inline:{ann@x=ann/, @x=all/, bob=b/}");
  REQUIRE(maps);
  const auto look = [&](std::string_view address, AddressKeys which) {
    const auto found = answer(maps->lookup_address(address, "+-", which));
    REQUIRE(found);
    return *found ? (*found)->value + " by " + (*found)->key + (*found)->extension : "(none)";
  };
  CHECK(look("Ann+list@X", AddressKeys::full) == "ann/ by Ann@X+list");
  CHECK(look("bob@x", AddressKeys::full) == "all/ by @x");
  CHECK(look("bob-2@x", AddressKeys::bare_user) == "b/ by bob-2");
  CHECK(look("eve@y", AddressKeys::bare_user) == "(none)");
}

TEST_CASE("a table that fails ends the search, and is named") {
  const auto maps = Maps::open("maps", "inline:{a=1} fail:down inline:{b=2}");
  REQUIRE(maps);
  CHECK(answer(maps->lookup("a")).value() == "1");
  const auto failed = answer(maps->lookup("b"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text == "fail:down lookup error for \"b\": down");
  const auto address = answer(maps->lookup_address("b@x", "", AddressKeys::full));
  REQUIRE_FALSE(address);
  CHECK(address.error().text == "fail:down lookup error for \"b@x\": down");
}

TEST_CASE(
    "a value without form fails and names the parameter; a table that cannot be opened fails its lookups") {
  CHECK(Maps::open("transport_maps", "inline:{a=1").error().text.starts_with("transport_maps: missing '}'"));
  std::string reports;
  const table::Opening opening(nullptr, nullptr, [&](table::Trouble, const auto& text) { reports += text; });
  const auto bad = Maps::open("transport_maps", "inline:{a=1} ldap:x");
  REQUIRE(bad);
  CHECK(reports == "transport_maps: unsupported table type: ldap (in \"ldap:x\")");
  CHECK(answer(bad->lookup("a")).value() == "1");
  CHECK(answer(bad->lookup("b")).error().text ==
        "ldap:x lookup error for \"b\": ldap:x is unavailable. unsupported table type: ldap (in \"ldap:x\")");
}

TEST_CASE("tables of patterns see the whole address once") {
  const auto maps =
      Maps::open("maps", "regexp:{{/^@x$/ part}, {/^ann@x$/ short}, {/^ann\\+a@x$/ whole}}, inline:{@x=all}");
  REQUIRE(maps);
  const auto look = [&](std::string_view address) {
    return answer(maps->lookup_address(address, "+", AddressKeys::bare_user)).value()->value;
  };
  CHECK(look("ann+a@x") == "whole");
  CHECK(look("ann@x") == "short");
  CHECK(look("ann+b@x") == "all");
}

TEST_CASE("an address that needs quotes is looked up with them, then without") {
  const auto maps = Maps::open("maps", "inline:{{\"a b\"@x = quoted}, {c d@x = plain}, @x=all}");
  REQUIRE(maps);
  const auto look = [&](std::string_view address) {
    return answer(maps->lookup_address(address, "+", AddressKeys::full)).value()->value;
  };
  CHECK(look("a b@x") == "quoted");
  CHECK(look("c d@x") == "plain");
  CHECK(look("e f@x") == "all");
}

TEST_CASE("an empty value is an error") {
  const auto maps = Maps::open("maps", "inline:{a=}");
  REQUIRE(maps);
  CHECK(answer(maps->lookup("a")).error().text ==
        "inline:{a=} lookup error for \"a\": an empty value is not allowed");
}
