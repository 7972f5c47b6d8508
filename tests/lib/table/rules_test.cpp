#include <doctest/doctest.h>

#include "lib/table/network.h"
#include "lib/table/opening.h"
#include "lib/table/query_template.h"
#include "lib/table/replacement.h"
#include "lib/table/server_replies.h"
#include "lib/table/table.h"
#include "tests/lib/table/answer.h"

using namespace postern;

namespace {

std::string text_of(const table::Found& found) {
  if (!found) return "error: " + found.error().text;
  return *found ? **found : "(none)";
}

struct Case {
  std::string_view table, key, value;
};

template <std::size_t N>
void look_up(const Case (&cases)[N]) {
  const table::Opening quiet(nullptr, nullptr, [](table::Trouble, const std::string&) {});
  for (const auto& c : cases) {
    CAPTURE(c.table);
    CAPTURE(c.key);
    auto opened = table::open(c.table);
    REQUIRE(opened);
    CHECK(text_of(answer((*opened)->lookup(c.key))) == c.value);
    CHECK((*opened)->form() == table::KeyForm::pattern);
  }
}

}  // namespace

TEST_CASE("regexp and pcre rules are tried in order") {
  for (const std::string type : {"regexp", "pcre"}) {
    const auto rules =
        type +
        ":{{/^(a)(b)?(.*)$/ 1=$1 2=$2 3=${3} 4=$(3) d=$$}, {if /^x/}, {/^xy/ in-if}, {!/^xz/i notxz}, "
        "{endif}, "
        "{if !/^w/}, {/ww/ never}, {endif}, {/^w(.)/ W $1}, {/case/i exact}, {|p\\|q| bar}, "
        "{!!/^twice/ not not}, {if /^n/}, {if /^nn/}, {/./ deep}, {endif}, {/./ shallow}, {endif}, "
        "{/^empty/}, {/^end$/ end}}";
    const Case cases[] = {
        {rules, "abc", "1=a 2=b 3=c 4=c d=$"},
        {rules, "ac", "1=a 2= 3=c 4=c d=$"},
        {rules, "A", "1=A 2= 3= 4= d=$"},
        {rules, "xy", "in-if"},
        {rules, "xa", "notxz"},
        {rules, "xz", "(none)"},
        {rules, "ww", "W w"},
        {rules, "case", "exact"},
        {rules, "CASE", "(none)"},
        {rules, "p|q", "bar"},
        {rules, "twice", "not not"},
        {rules, "nn", "deep"},
        {rules, "nx", "shallow"},
        {rules, "empty", ""},
        {rules, "", "(none)"},
    };
    look_up(cases);
  }
}

TEST_CASE("options of pcre and regexp rules") {
  const Case cases[] = {
      {"pcre:{{/^end$/ yes}}", "end\n", "yes"},
      {"pcre:{{/^end$/E yes}}", "end\n", "(none)"},
      {"pcre:{{/a.b/ yes}}", "a\nb", "yes"},
      {"pcre:{{/a.b/s yes}}", "a\nb", "(none)"},
      {"pcre:{{/^b/m yes}}", "a\nb", "yes"},
      {"pcre:{{/a b/x yes}}", "ab", "yes"},
      {"pcre:{{/b/A yes}}", "ab", "(none)"},
      {"pcre:{{/(a+)/U $1}}", "aaa", "a"},
      {"pcre:{{/(a+)/ $1}}", "aaa", "aaa"},
      {"pcre:{{/A/i yes}}", "a", "(none)"},
      {"pcre:{{/^(?<!x)\\d+(?=y)/ yes}}", "12y", "yes"},
      {"pcre:{{/^.$/ one}}", "\xc3\xa9", "one"},
      {"pcre:{{/^a/ yes}}", "a\xff", "yes"},
      {"regexp:{{/^end$/ yes}}", "end\n", "(none)"},
      {"regexp:{{/^b/ yes}}", "a\nb", "(none)"},
      {"regexp:{{/^b/m yes}}", "a\nb", "yes"},
      {"regexp:{{/a+b/x yes}}", "a+b", "yes"},
  };
  look_up(cases);
}

TEST_CASE("a rule with a mistake fails the lookups that come to it") {
  const auto bad = [](std::string_view rule, std::string_view mistake) {
    std::string reports;
    const table::Opening opening(nullptr, nullptr,
                                 [&](table::Trouble, const auto& text) { reports += text; });
    const auto opened = table::open("regexp:{{/^good/ yes}, {" + std::string(rule) + "}, {/./ other}}");
    REQUIRE(opened);
    CAPTURE(rule);
    CHECK(reports == "regexp map rule 2: " + std::string(mistake));
    CHECK(text_of(answer((*opened)->lookup("good"))) == "yes");
    CHECK(text_of(answer((*opened)->lookup("x"))) == "error: regexp map rule 2: " + std::string(mistake));
  };
  bad("/a(/ x", "Unmatched ( or \\(");
  bad("/a/ $1", "out of range replacement index \"1\"");
  bad("!/(a)/ $1", "$number found in negative match replacement text");
  bad("/(a)/ $(1", "truncated replacement index");
  bad("/(a)/ $x", "non-numeric replacement index \"x\"");
  bad("/(a)/ $0", "out of range replacement index \"0\"");
  bad("/a/z x", "unknown regexp option \"z\"");
  bad("/a", "no closing regexp delimiter \"/\"");
  bad("junk", "unrecognized request");
}

TEST_CASE("a pcre match that takes too long is given up") {
  const Case cases[] = {{"pcre:{{/^(a+)+$/ yes}}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
                         "error: match limit exceeded"}};
  look_up(cases);
}

TEST_CASE("cidr rules are tried in order") {
  constexpr std::string_view kRules =
      "cidr:{{1.2.3.4 one}, {1.2.3.0/24 net}, {!1.2.0.0/16 not net}, {if 1.2.0.0/16}, {1.2.9.0/24 inside}, "
      "{endif}, "
      "{if !1.2.0.0/16}, {0.0.0.0/0 never}, {endif}, {2001:db8::/32 v6}, {[2001:db9::]/32 $1 x}, {0.0.0.0/0 "
      "rest}}";
  const Case cases[] = {
      {kRules, "1.2.3.4", "one"},
      {kRules, "1.2.3.77", "net"},
      {kRules, "9.9.9.9", "not net"},
      {kRules, "1.2.9.1", "inside"},
      {kRules, "1.2.8.8", "rest"},
      {kRules, "2001:DB8::1", "v6"},
      {kRules, "2001:db9::1", "$1 x"},
      {kRules, "2001:db7::", "(none)"},
      {kRules, "host.example", "(none)"},
      {"cidr:{{!10.0.0.0/8 x}}", "::1", "(none)"},
      {"cidr:{{10.0.0.1/8 x}}", "9.9.9.9",
       "error: cidr map rule 1: non-null host address bits in \"10.0.0.1/8\", perhaps you should use "
       "\"10.0.0.0/8\" "
       "instead"},
      {"cidr:{{10.0.0.0/33 x}}", "9.9.9.9", "error: cidr map rule 1: bad prefix length: \"10.0.0.0/33\""},
      {"cidr:{{10.0.0.1}}", "9.9.9.9", "error: cidr map rule 1: no lookup result"},
      {"cidr:{{if x}, {9.9.9.9 y}, {endif}}", "9.9.9.9",
       "error: cidr map rule 1: bad network address: \"x\""},
  };
  look_up(cases);
}

TEST_CASE("queries are filled in with parts of the key, in quotes") {
  const auto quote = [](std::string_view part) { return "[" + std::string(part) + "]"; };
  struct {
    std::string format, key, filled;
  } const cases[] = {
      {"a '%s' 100%%", "ann@x.example.com", "a '[ann@x.example.com]' 100%"},
      {"%u %d", "ann@x.example.com", "[ann] [x.example.com]"},
      {"%u", "ann", "[ann]"},
      {"%d", "ann", "(none)"},
      {"%u", "@x", "(none)"},
      {"%d", "ann@", "(none)"},
      {"%1 %2 %3", "ann@x.example.com", "[com] [example] [x]"},
      {"%4", "ann@x.example.com", "(none)"},
      {"%1", "ann@x..", "(none)"},
      {"%s", "", "(none)"},
      {"%S", "k@d", "[k@d]"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.format);
    const auto parsed = table::QueryTemplate::parse(c.format);
    REQUIRE(parsed);
    CHECK(parsed->fill(c.key, c.key, quote).value_or("(none)") == c.filled);
  }
  CHECK_FALSE(table::QueryTemplate::parse("%x"));
  CHECK_FALSE(table::QueryTemplate::parse("50%"));
}

TEST_CASE("what a server says") {
  struct {
    std::string_view reply, found;
  } const socketmap[] = {
      {"OK a value", "a value"},
      {"OK ", ""},
      {"NOTFOUND ", "(none)"},
      {"NOTFOUND", "(none)"},
      {"TEMP try later", "error: server: temporary error: try later"},
      {"TIMEOUT ", "error: server: timeout error"},
      {"PERM no\x1b", "error: server: permanent error: no?"},
      {"what", "error: server: unknown error: what"},
      {"", "error: server: unknown error"},
  };
  for (const auto& c : socketmap) CHECK(text_of(table::parse_socketmap_reply(c.reply)) == c.found);
  struct {
    std::string_view reply, found;
  } const tcp[] = {
      {"200 a%20value%25", "a value%"},
      {"500 no", "(none)"},
      {"400 later%21", "error: server: temporary error: later!"},
      {"200 %zz", "error: malformed reply \"%zz\""},
      {"200 a%2", "error: malformed reply \"a%2\""},
      {"hello", "error: malformed reply \"hello\""},
      {"2000 x", "error: malformed reply \"2000 x\""},
      {"200", ""},
  };
  for (const auto& c : tcp) CHECK(text_of(table::parse_tcp_reply(c.reply)) == c.found);
  CHECK(table::tcp_request("a b%\n").value() == "get a%20b%25%0A\n");
  CHECK_FALSE(table::tcp_request(std::string(5000, 'a')));
  CHECK(table::netstring("m key") == "5:m key,");
  CHECK(table::parse_netstring_head("5:he").value()->length == 5);
  CHECK_FALSE(table::parse_netstring_head("12").value());
  CHECK_FALSE(table::parse_netstring_head("x5:"));
  CHECK_FALSE(table::parse_netstring_head("999999:"));
  CHECK_FALSE(table::parse_netstring_head("1234567"));
}
