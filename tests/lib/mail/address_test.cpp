#include "lib/mail/address.h"

#include <doctest/doctest.h>

using namespace postern;
using mail::Address;
using mail::Grammar;

TEST_CASE("mailboxes are read into their parts") {
  struct {
    std::string_view text, local, domain, quoted;
  } const cases[] = {
      {"ann@example.com", "ann", "example.com", "ann@example.com"},
      {"Ann.B@Example.COM", "Ann.B", "Example.COM", "Ann.B@Example.COM"},
      {"\"ann\"@example.com", "ann", "example.com", "ann@example.com"},
      {"\"a b\"@example.com", "a b", "example.com", "\"a b\"@example.com"},
      {"\"a\\\"b\\\\\"@x", "a\"b\\", "x", "\"a\\\"b\\\\\"@x"},
      {"\"a@b\"@x", "a@b", "x", "\"a@b\"@x"},
      {"\"\"@x", "", "x", "\"\"@x"},
      {"!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~", "x", "!#$%&'*+-/=?^_`{|}~@x"},
      {"a@[192.0.2.1]", "a", "[192.0.2.1]", "a@[192.0.2.1]"},
      {"a@[IPv6:2001:db8::1]", "a", "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
      {"a@under_score.example", "a", "under_score.example", "a@under_score.example"},
      {"\xc3\xa4@\xc3\xb6.example", "\xc3\xa4", "\xc3\xb6.example", "\xc3\xa4@\xc3\xb6.example"},
  };
  for (const auto& row : cases) {
    const auto& [text, local, domain, quoted] = row;
    CAPTURE(row.text);
    for (const auto grammar : {Grammar::lenient, Grammar::strict}) {
      const auto address = mail::parse_mailbox(text, grammar);
      REQUIRE(address);
      CHECK(address->local == local);
      CHECK(address->domain == domain);
      CHECK(address->quoted() == quoted);
      CHECK(*mail::parse_mailbox(address->quoted(), grammar) == *address);
    }
  }
}

TEST_CASE("a lenient reader takes what is in use, a strict one does not") {
  struct {
    std::string_view text, local, domain;
  } const cases[] = {
      {"ann", "ann", ""},
      {".ann@x", ".ann", "x"},
      {"ann.@x", "ann.", "x"},
      {"a..b@x", "a..b", "x"},
      {"\"a b\".c@x", "a b.c", "x"},
      {"a.\"b c\"@x", "a.b c", "x"},
      {"a@example.com.", "a", "example.com"},
  };
  for (const auto& row : cases) {
    const auto& [text, local, domain] = row;
    CAPTURE(row.text);
    const auto address = mail::parse_mailbox(text);
    REQUIRE(address);
    CHECK(address->local == local);
    CHECK(address->domain == domain);
    CHECK_FALSE(mail::parse_mailbox(text, Grammar::strict));
  }
}

TEST_CASE("what is no mailbox is refused by both") {
  const std::string_view cases[] = {
      "",
      "@",
      "@x",
      "a@",
      "a@b@c",
      "a b@x",
      "a@b c",
      "a@.b",
      "a@b..c",
      "a@..",
      "<a@b>",
      "a@[1.2.3]",
      "a@[",
      "a@[]",
      "a@[1.2.3.4",
      "a@[1.2.3.4]x",
      "\"a@x",
      "\"a\\",
      "a(c)@x",
      "a,b@x",
      "a:b@x",
      "a;b@x",
      "a\\b@x",
      "a@x!",
      "a@[IPv6:1]",
      "a@[foo:bar]",
      "a@[300.1.1.1]",
      "\"a\nb\"@x",
      "\"a\\\nb\"@x",
      "a\rb@x",
      "\"\x7f\"@x",
      "a@b\n",
      "a@[1.2.3.4 ]",
  };
  for (const auto text : cases) {
    CAPTURE(text);
    CHECK_FALSE(mail::parse_mailbox(text));
    CHECK_FALSE(mail::parse_mailbox(text, Grammar::strict));
  }
  CHECK_FALSE(mail::parse_mailbox(std::string_view("a\0b@x", 5)));
  CHECK_FALSE(mail::parse_mailbox(std::string_view("\"a\0b\"@x", 7)));
  CHECK_FALSE(mail::parse_mailbox(std::string_view("a@[1.2.3.4\0]", 12)));
}

TEST_CASE("paths have brackets and perhaps a route, and say how long they are") {
  struct {
    std::string_view text, address;
    std::size_t length;
  } const cases[] = {
      {"<>", "", 2},
      {"<> BODY=7BIT", "", 2},
      {"<a@b> SIZE=1", "a@b", 5},
      {"<a@b>x", "a@b", 5},
      {"<@c:a@b>", "a@b", 8},
      {"<@c.d,@[1.2.3.4]:a@b>", "a@b", 21},
      {"<postmaster>", "postmaster", 12},
      {"<\"a>b\"@c>", "a>b@c", 9},
  };
  for (const auto& row : cases) {
    const auto& [text, address, length] = row;
    CAPTURE(row.text);
    for (const auto grammar : {Grammar::lenient, Grammar::strict}) {
      const auto path = mail::parse_path(text, grammar);
      REQUIRE(path);
      CHECK(path->address.text() == address);
      CHECK(path->length == length);
      CHECK(path->address.null() == (text.substr(0, 2) == "<>"));
    }
  }
}

TEST_CASE("a path may lack its brackets when lenient") {
  const auto path = mail::parse_path("a@b SIZE=1");
  REQUIRE(path);
  CHECK(path->address.text() == "a@b");
  CHECK(path->length == 3);
  CHECK_FALSE(mail::parse_path("a@b", Grammar::strict));
  CHECK(mail::parse_path("<ann>"));
  CHECK_FALSE(mail::parse_path("<ann>", Grammar::strict));
}

TEST_CASE("what is no path is refused") {
  for (const std::string_view text :
       {"", " ", "<", "<a", "<a@b", "<a@b >", "< a@b>", "< >", "<@a>", "<@a:>", "<@a,b:c@d>", "<@a:@b:c@d>",
        "<@:a@b>", "<<a@b>>", "a@b>", "a@b,c", "<a@b\r>", "<a@b,c@d>"}) {
    CAPTURE(text);
    CHECK_FALSE(mail::parse_path(text));
  }
}

TEST_CASE("lengths are bounded") {
  const std::string label(63, 'd');
  const auto domain = label + '.' + label + '.' + label + '.' + std::string(63, 'd');
  REQUIRE(domain.size() == 255);
  CHECK(mail::parse_mailbox("a@" + domain));
  CHECK(mail::parse_mailbox("a@" + domain + 'd').error().kind == Errc::too_long);
  CHECK_FALSE(mail::parse_mailbox("a@" + label + 'd'));
  CHECK(mail::parse_mailbox(std::string(mail::kLongestLocal, 'a') + "@x"));
  CHECK(mail::parse_mailbox(std::string(mail::kLongestLocal + 1, 'a') + "@x").error().kind == Errc::too_long);
  std::string route = "<@a";
  while (route.size() < mail::kLongestPath) route += ",@a";
  CHECK(mail::parse_path(route + ":b@c>").error().kind == Errc::too_long);
  CHECK(mail::parse_path(std::string(1 << 20, '<')).error().kind == Errc::too_long);
  CHECK(mail::parse_path("<a@b> " + std::string(5000, 'x'))->length == 5);
}

TEST_CASE("addresses have an internal and a normalized form") {
  CHECK(Address{"Ann", "Example.COM"}.normalized() == Address{"Ann", "example.com"});
  CHECK(Address{}.null());
  CHECK(Address{}.quoted() == "");
  CHECK(Address{"a b", ""}.quoted() == "\"a b\"");
  CHECK(Address{".a", "x"}.quoted() == "\".a\"@x");
  CHECK(Address{"a", "x"}.ascii());
  CHECK_FALSE(Address{"\xc3\xa4", "x"}.ascii());
  CHECK_FALSE(Address{"a", "\xc3\xa4"}.ascii());
  CHECK(mail::from_internal("a@b@c") == Address{"a@b", "c"});
  CHECK(mail::from_internal("ann") == Address{"ann", ""});
  CHECK(mail::from_internal("") == Address{});
}

TEST_CASE("domains") {
  for (const std::string_view text :
       {"a", "a.b", "1.2", "xn--a", "a-b.c_d", "[127.0.0.1]", "[ipv6:::1]", "\xc3\xa4.x"}) {
    CAPTURE(text);
    CHECK(mail::is_domain(text));
  }
  for (const std::string_view text : {"", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "a.-", "a b", "a@b", "[",
                                      "[]", "[a]", "[::1]", "[1.2.3.4"}) {
    CAPTURE(text);
    CHECK_FALSE(mail::is_domain(text));
  }
}

TEST_CASE("the extension of a local part is split off") {
  struct {
    std::string_view local, delimiters, user, extension;
    char delimiter;
  } const cases[] = {
      {"ann+lists", "+", "ann", "lists", '+'},
      {"ann", "+", "ann", "", 0},
      {"ann+", "+", "ann", "", '+'},
      {"+ann", "+", "+ann", "", 0},
      {"++a", "+", "+", "a", '+'},
      {"ann-x+y", "+-", "ann", "x+y", '-'},
      {"ann+x", "", "ann+x", "", 0},
      {"owner-list", "-", "owner-list", "", 0},
      {"list-request", "-", "list-request", "", 0},
      {"owner-list+x", "+", "owner-list", "x", '+'},
      {"mailer-daemon", "-", "mailer-daemon", "", 0},
      {"double-bounce", "-", "double-bounce", "", 0},
      {"", "+", "", "", 0},
  };
  for (const auto& row : cases) {
    const auto& [local, delimiters, user, extension, delimiter] = row;
    CAPTURE(row.local);
    const auto got = mail::split_extension(local, delimiters);
    CHECK(got.user == user);
    CHECK(got.extension == extension);
    CHECK(got.delimiter == delimiter);
  }
}

TEST_CASE("what is shown of an address cannot look like the end of its field") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"ann@example.com", "ann@example.com"},
      {"ann+x.y@example.com", "ann+x.y@example.com"},
      {"", ""},
      {"ann", "ann"},
      {"x y@example.com", "\"x y\"@example.com"},
      {"a>, relay=none, status=sent (x@example.com", "\"a>, relay=none, status=sent (x\"@example.com"},
      {"a\"b@example.com", "\"a\\\"b\"@example.com"},
      {"a@b@example.com", "\"a@b\"@example.com"},
      {"ann@[192.0.2.1]", "ann@[192.0.2.1]"},
      {"a\nb@example.com", "\"a?b\"@example.com"},
  };
  for (const auto& row : cases) {
    CAPTURE(row.first);
    CHECK(mail::shown_address(row.first) == row.second);
  }
}
