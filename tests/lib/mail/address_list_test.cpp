#include "lib/mail/address_list.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using mail::parse_mailbox_list;

namespace {

// "name <local@domain>; …", or the kind of failure.
std::string shown(std::string_view text, mail::ListLimits limits = {}) {
  const auto list = parse_mailbox_list(text, limits);
  if (!list) return list.error().kind == Errc::too_long ? "too long" : "invalid";
  std::string out;
  for (const auto& mailbox : *list) {
    if (!out.empty()) out += "; ";
    if (!mailbox.name.empty()) out += mailbox.name + ' ';
    out += concat('<', mailbox.address.text(), '>');
  }
  return out;
}

}  // namespace

TEST_CASE("address lists are read in all the forms of RFC 5322") {
  struct {
    std::string_view text, want;
  } const cases[] = {
      {"", ""},
      {"ann@example.com", "<ann@example.com>"},
      {"ann", "<ann>"},
      {"Ann <ann@example.com>", "Ann <ann@example.com>"},
      {"Ann Bee <ann@x>, bob@y", "Ann Bee <ann@x>; <bob@y>"},
      {"\"Bee, Ann\" <ann@x>", "Bee, Ann <ann@x>"},
      {"\"a b\"@x", "<a b@x>"},
      {"Joe Q. Public <john.q.public@example.com>", "Joe Q. Public <john.q.public@example.com>"},
      {"J.R.R. Tolkien <jrrt@x>", "J.R.R. Tolkien <jrrt@x>"},
      {"<a@x>, <b@y>", "<a@x>; <b@y>"},
      {"<a@x>,,\n ,b@y,", "<a@x>; <b@y>"},
      {"a@x (Ann)", "<a@x>"},
      {"(one (two) \\) three) Ann (four) < (five) a (six) @ (seven) x (eight) > (nine)", "Ann <a@x>"},
      {"a . b @ c . d", "<a.b@c.d>"},
      {"<@relay.x,@[1.2.3.4]:a@x>", "<a@x>"},
      {"a@[192.0.2.1]", "<a@[192.0.2.1]>"},
      {"Group: a@x, Bob <b@y>; , c@z", "<a@x>; Bob <b@y>; <c@z>"},
      {"undisclosed-recipients:;", ""},
      {"A group (of friends):;, a@x", "<a@x>"},
      {"<>", ""},
      {"\"\" <a@x>", "<a@x>"},
      {"\"\"@x", "<@x>"},
      {"Nobody <>", ""},
      {"\"quoted\\\"quote\" <a@x>", "quoted\"quote <a@x>"},
      {"=?utf-8?q?J=C3=BCrgen?= <j@x>", "=?utf-8?q?J=C3=BCrgen?= <j@x>"},
      {"J\xc3\xbcrgen <j\xc3\xbc@x>", "J\xc3\xbcrgen <j\xc3\xbc@x>"},
      {"a@x.", "<a@x>"},
      {"Ann\n <a@x>,\n\tBob\n <b@y>", "Ann <a@x>; Bob <b@y>"},
      {".a.@x", "<.a.@x>"},
  };
  for (const auto& row : cases) {
    const auto& [text, want] = row;
    CAPTURE(row.text);
    CHECK(shown(text) == want);
  }
}

TEST_CASE("what is no address list is refused") {
  for (const std::string_view text :
       {"\"\"",    "<\"\">",      "(c) \"\"\n", "a@",    "@x",   "a b@x",  "Ann Bee", "a@x b@y", "a@x <b@y>",
        "<a@x",    "<a@x> b",     "a@x>",       "\"a@x", "(a",   "a)",     "a@[1.2",  "<a b@x>", "<@x>",
        "<@x:>",   "a:b:c@x;",    ":a@x",       ";",     "a@x;", "a\\b@x", "a@x..y",  "a@x y",   "a@b@c",
        "<a@b@c>", "\"a\x01\"@x", "<@(:a@x>",   "a@[x]", "< >x", "["}) {
    CAPTURE(text);
    CHECK(shown(text) == "invalid");
  }
}

TEST_CASE("each address says where it stands") {
  const std::string_view text = "Ann <ann@x>, (c) b . b@y (d), G: \"q\"@[1.2.3.4], <@r:z@w>;";
  const auto list = parse_mailbox_list(text);
  REQUIRE(list);
  const std::string_view want[] = {"ann@x", "b . b@y", "\"q\"@[1.2.3.4]", "z@w"};
  REQUIRE(list->size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(text.substr((*list)[i].at, (*list)[i].length) == want[i]);
}

TEST_CASE("lists are bounded") {
  mail::ListLimits limits;
  CHECK(shown(std::string(20, '(') + std::string(20, ')')) == "");
  CHECK(shown(std::string(21, '(') + std::string(21, ')')) == "too long");
  CHECK(shown(std::string(100000, '(')) == "too long");
  CHECK(shown(std::string(limits.bytes + 1, ',')) == "too long");
  CHECK(shown(std::string(limits.bytes, ',')) == "");
  limits.mailboxes = 2;
  CHECK(shown("a,b", limits) == "<a>; <b>");
  CHECK(shown("a,b,c", limits) == "too long");
  CHECK(shown(std::string(600, 'a') + "@x") == "too long");
  CHECK(shown("a@" + std::string(300, 'x')) == "invalid");
}
