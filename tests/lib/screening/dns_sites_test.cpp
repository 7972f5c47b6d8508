#include "lib/screening/dns_sites.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::screening;

namespace {

constexpr std::string_view kName = "postscreen_dnsbl_sites";

std::string error_of(std::string_view word) {
  const auto lists = dns_lists(kName, {std::string(word)});
  return lists ? "" : lists.error().text;
}

}  // namespace

TEST_CASE("a filter counts the addresses that have its numbers, one in each place") {
  struct Row {
    std::string_view filter;
    Ipv4 address;
    bool counts;
  };
  const Row rows[] = {
      {"127.0.0.2", {127, 0, 0, 2}, true},
      {"127.0.0.2", {127, 0, 0, 3}, false},
      {"127.0.0.2", {127, 0, 1, 2}, false},
      {"127.0.0.[2;4..11]", {127, 0, 0, 2}, true},
      {"127.0.0.[2;4..11]", {127, 0, 0, 3}, false},
      {"127.0.0.[2;4..11]", {127, 0, 0, 4}, true},
      {"127.0.0.[2;4..11]", {127, 0, 0, 11}, true},
      {"127.0.0.[2;4..11]", {127, 0, 0, 12}, false},
      {"127.[0..255].[0;1;2].[7]", {127, 255, 2, 7}, true},
      {"127.[0..255].[0;1;2].[7]", {127, 255, 3, 7}, false},
      {"[127].0.0.[0..0]", {127, 0, 0, 0}, true},
      {"[1..3;127].0.0.1", {2, 0, 0, 1}, true},
      {"007.0.0.01", {7, 0, 0, 1}, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.filter);
    const auto filter = ReplyFilter::parse(row.filter);
    REQUIRE(filter);
    CHECK(filter->matches(row.address) == row.counts);
  }
}

TEST_CASE("a filter that has no form says what is wrong with it") {
  struct Row {
    std::string_view filter, says;
  };
  const Row rows[] = {
      {"", "not a number from 0 to 255: \"\""},
      {"127.0.0", "not four numbers: \"127.0.0\""},
      {"127.0.0.", "not a number from 0 to 255: \"\""},
      {"127.0.0.1.", "not four numbers: \"127.0.0.1.\""},
      {"127.0.0.1.2", "not four numbers: \"127.0.0.1.2\""},
      {"127.0.0.256", "not a number from 0 to 255: \"256\""},
      {"127.0.0.-1", "not a number from 0 to 255: \"-1\""},
      {"127.0.0.99999999999999999999", "not a number from 0 to 255: \"99999999999999999999\""},
      {"127.0.0.x", "not a number from 0 to 255: \"x\""},
      {"127.0..1", "not a number from 0 to 255: \"\""},
      {"127.0.0.1..3", "not four numbers: \"127.0.0.1..3\""},
      {"127.0.0.[1..3", "a \"[\" without \"]\": \"[1..3\""},
      {"127.0.0.[]", "not a number from 0 to 255: \"\""},
      {"127.0.0.[1;]", "not a number from 0 to 255: \"\""},
      {"127.0.0.[3..1]", "a range that runs backwards: \"3..1\""},
      {"127.0.0.[1..]", "not a number from 0 to 255: \"\""},
      {"127.0.0.[1..2..3]", "not a number from 0 to 255: \"2..3\""},
      {"127.0.0.[1]2", "no \".\" behind \"]\": \"[1]2\""},
      {"127.[1]0.0.2", "no \".\" behind \"]\": \"[1]0.0.2\""},
      {"127.0.0.1]", "not a number from 0 to 255: \"1]\""},
      {"127.0.0.[[1]]", "no \".\" behind \"]\": \"[[1]]\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.filter);
    const auto filter = ReplyFilter::parse(row.filter);
    REQUIRE(!filter);
    CHECK(filter.error().text == row.says);
  }
}

TEST_CASE("sites of one domain are one list, whatever stands between them") {
  const auto lists = dns_lists(
      kName, {"zen.test*3", "low.test=127.0.[0..1].[2;5]*-2", "ZEN.test=127.0.0.10", "zen.test*+7"});
  REQUIRE(lists);
  REQUIRE(lists->size() == 2);
  const auto& zen = lists->at(0);
  CHECK(zen.domain == "zen.test");
  REQUIRE(zen.sites.size() == 3);
  CHECK(zen.sites[0].weight == 3);
  CHECK(!zen.sites[0].filter);
  CHECK(zen.sites[1].weight == 1);
  CHECK(zen.sites[2].weight == 7);
  CHECK(lists->at(1).domain == "low.test");
  CHECK(lists->at(1).sites[0].weight == -2);

  const std::vector<Ipv4> addresses{{127, 0, 0, 4}, {127, 0, 0, 10}};
  CHECK(zen.sites[0].matches(addresses));
  CHECK(zen.sites[1].matches(addresses));
  CHECK(!zen.sites[1].matches({{127, 0, 0, 4}}));
  CHECK(!zen.sites[0].matches({}));
  CHECK(!lists->at(1).sites[0].matches(addresses));
  CHECK(lists->at(1).sites[0].matches({{192, 0, 2, 1}, {127, 0, 1, 5}}));
}

TEST_CASE("a site that has no form is named, with its parameter") {
  struct Row {
    std::string_view word, says;
  };
  const Row rows[] = {
      {"zen.test*", "bad weight: \"\""},
      {"zen.test*x", "bad weight: \"x\""},
      {"zen.test*2.5", "bad weight: \"2.5\""},
      {"zen.test*--2", "bad weight: \"--2\""},
      {"zen.test*2147483648", "bad weight: \"2147483648\""},
      {"zen.test*2=127.0.0.1", "bad weight: \"2=127.0.0.1\""},
      {"zen.test=127.0.0", "not four numbers: \"127.0.0\""},
      {"=127.0.0.1", "not a domain: \"\""},
      {"zen..test", "not a domain: \"zen..test\""},
      {"zen.test.", "not a domain: \"zen.test.\""},
      {".zen.test", "not a domain: \".zen.test\""},
      {"-zen.test", "not a domain: \"-zen.test\""},
      {"zen-.test", "not a domain: \"zen-.test\""},
      {"1.2.3", "not a domain: \"1.2.3\""},
      {"zen/test", "not a domain: \"zen/test\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.word);
    CHECK(error_of(row.word) == concat(kName, ": ", row.word, ": ", row.says));
  }
  for (const std::string& good : {std::string("a_key-1.zen.test"), std::string("zen"),
                                  std::string("zen.test*-2147483647"), std::string(63, 'a') + ".test"}) {
    CAPTURE(good);
    CHECK(error_of(good).empty());
  }
  CHECK(!error_of(std::string(64, 'a') + ".test").empty());
  std::string longest;
  while (longest.size() < 180) longest += "abcdefghi.";
  CHECK(error_of(longest + "test").empty());
  CHECK(!error_of(longest + "abcdefghi.test").empty());
}
