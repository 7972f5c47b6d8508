#include "lib/table/table.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "lib/table/accounts.h"
#include "lib/table/memory_tables.h"
#include "lib/table/records.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/table/answer.h"

using namespace postern;

namespace {

std::string text_of(const table::Found& found) {
  if (!found) return "error: " + found.error().text;
  return *found ? **found : "(none)";
}

// The value, "(none)", or "error: TEXT".
std::string look(std::string_view table, std::string_view key) {
  auto opened = table::open(table);
  if (!opened) return "cannot open: " + opened.error().text;
  return text_of(answer((*opened)->lookup(key)));
}

}  // namespace

TEST_CASE("tables answer by their type") {
  ::setenv("POSTERN_TABLE_TEST", "here", 1);
  struct {
    std::string_view table, key, value;
  } const cases[] = {
      {"static:5000", "any", "5000"},
      {"static:{ two words }", "any", "two words"},
      {"proxy:static:x", "any", "x"},
      {"inline:{a=1}", "a", "1"},
      {"inline:{a=1, { b = two words }, c=x=y}", "b", "two words"},
      {"inline:{a=1, { b = two words }, c=x=y}", "c", "x=y"},
      {"inline:{A=1}", "a", "1"},
      {"inline:{a=1}", "A", "1"},
      {"inline:{a=1}", "b", "(none)"},
      {"inline:{a=1,a=2}", "a", "2"},
      {"inline:{a=}", "a", ""},
      {"fail:not today", "x", "error: not today"},
      {"unionmap:{static:a, inline:{k=b}, static:c}", "k", "a,b,c"},
      {"unionmap:{static:a, inline:{k=b}, static:c}", "other", "a,c"},
      {"unionmap:{inline:{k=b}}", "other", "(none)"},
      {"unionmap:{static:a, fail:no}", "k", "error: no"},
      {"pipemap:{inline:{k=a}, inline:{a=b}}", "k", "b"},
      {"pipemap:{inline:{k=a}, inline:{b=c}}", "k", "(none)"},
      {"pipemap:{inline:{k=a}, fail:no}", "k", "error: no"},
      {"randmap:{a}", "any", "a"},
      {"randmap:{{a b}}", "any", "{a b}"},
      {"debug:proxy:inline:{a=1}", "a", "1"},
      {"socketmap:unix:/x:map", "k",
       "error: socketmap:unix:/x:map is unavailable. servers cannot be asked here"},
      {"environ:", "POSTERN_TABLE_TEST", "here"},
      {"environ:", "POSTERN_TABLE_TEST_NOT", "(none)"},
      {"unix:passwd.byname", "no-such-user-here", "(none)"},
  };
  for (const auto& c : cases) {
    const auto& [table, key, value] = c;
    CAPTURE(c.table);
    CHECK(look(table, key) == value);
  }
}

TEST_CASE("users and groups of the host are found by name") {
  CHECK(look("unix:passwd.byname", "root").starts_with("root:x:0:0:"));
  CHECK(look("unix:passwd.byname", "ROOT").starts_with("root:x:0:0:"));
  CHECK(look("unix:group.byname", "root").starts_with("root:x:0:"));
  const auto accounts = table::Accounts::read();
  REQUIRE(accounts.find("root") != nullptr);
  CHECK(accounts.find("root")->uid == 0);
  CHECK(accounts.find("Root") == nullptr);
}

TEST_CASE("a table that cannot be opened says why and names itself") {
  struct {
    std::string_view table, problem;
  } const cases[] = {
      {"proxy:mysql:/x", "unsupported table type: mysql (in \"mysql:/x\")"},
      {"hash:/no/such/file", "open database /no/such/file.db: No such file or directory"},
      {"lmdb:/no/such/file", "open database /no/such/file.lmdb: No such file or directory"},
      {"regexp:/no/such/file", "open /no/such/file: No such file or directory"},
      {"cidr:{ 1.2.3.4 x }", "cidr map: no '{' at start of text in \"1.2.3.4\""},
      {"unionmap:static:a", "bad syntax: \"unionmap:static:a\"; need \"unionmap:{type:name...}\""},
      {"pipemap:{}", "bad syntax: \"pipemap:{}\"; need \"pipemap:{type:name...}\""},
      {"unionmap:{static:a, ldap:b}",
       "unionmap:{static:a, ldap:b}: unsupported table type: ldap (in \"ldap:b\")"},
      {"randmap:x", "bad syntax: \"randmap:x\"; need \"randmap:{value...}\""},
      {"socketmap:inet:host",
       "socketmap:inet:host: bad server \"inet\": expected unix:path or inet:host:port"},
      {"tcp:host", "tcp:host: bad server \"host\": expected unix:path or inet:host:port"},
      {"sqlite:prefix", "sqlite:prefix: its parameters are in main.cf, which is not read here"},
      {"nothing", "bad table name \"nothing\": expected type:name"},
      {"inline:{}", "inline:{}: empty table"},
      {"inline:a=b", "inline:a=b: expected {name=value, ...}"},
      {"inline:{a}", "inline:{a}: missing '=' in \"a\""},
      {"inline:{=b}", "inline:{=b}: missing name in \"=b\""},
      {"unix:shadow", "unix:shadow: expected unix:passwd.byname or unix:group.byname"},
      {"texthash:/no/such/file", "open /no/such/file: No such file or directory"},
  };
  for (const auto& c : cases) {
    const auto& [table, problem] = c;
    CAPTURE(c.table);
    const auto opened = table::open(table);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().text == problem);
    CHECK(table::is_supported(table) == (!problem.starts_with("unsupported") && table != "nothing"));
  }
}

TEST_CASE("a texthash file is read by the rules of postmap(5)") {
  const TemporaryDirectory directory;
  const auto path = directory.path("map");
  std::ofstream(path) << "# comment\n\n   # indented comment\n"
                         "Ann@Example.COM\tann/\n"
                         "bob@example.com   two\n  words  \n# inside\n\tmore\n"
                         "\"with blank\"@x quoted\n"
                         "ann@example.com second\r\n"
                         "last value";
  const auto table = "texthash:" + path;
  CHECK(look(table, "ann@example.com") == "ann/");
  CHECK(look(table, "ANN@example.com") == "ann/");
  CHECK(look(table, "bob@example.com") == "two  words  \tmore");
  CHECK(look(table, "\"with blank\"@x") == "quoted");
  CHECK(look(table, "last") == "value");
  CHECK(look(table, "#") == "(none)");
}

TEST_CASE("what is wrong in a source is said with its line, and its keys are not answered") {
  struct {
    std::string_view text, key, value, report;
  } const cases[] = {
      {"a 1\nb 2\nA 3\n", "a", "1", "warning map, line 3: duplicate entry: \"A\""},
      {"a 1\nb\nc 3\n", "c", "3",
       "mistake map, line 2: expected format: key whitespace value -- ignoring this line"},
      {"a 1\nb\nc 3\n", "B", "error: map, line 2: expected format: key whitespace value",
       "mistake map, line 2: expected format: key whitespace value -- ignoring this line"},
      {"\n\n  a 1\n", "a", "(none)",
       "warning map, line 3: logical line must not start with whitespace -- ignoring this line"},
      {"# x\n\"a b 1\n", "a b 1", "(none)",
       "mistake map, line 2: unbalanced '\"' in '\"a b 1' -- ignoring this line"},
      {"a 1\n\"\" 1\n", "\"\"", "1", ""},
      {"a: 1\n", "a:", "1",
       "warning map, line 1: record is in \"key: value\" format; is this an alias file?"},
      {"a\\\"b 1\n\"c\\\"d\\\\\" 2\n", "\"c\\\"d\\\\\"", "2",
       "mistake map, line 1: unbalanced '\"' in 'a\\\"b 1' -- ignoring this line"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    std::string reports;
    auto pairs = table::read_text(
        c.text, "map", table::TextForm::pairs, [&](table::Trouble trouble, const auto& text) {
          reports += (trouble == table::Trouble::warning ? "warning " : "mistake ") + text;
        });
    CHECK(reports == c.report);
    table::PairTable table("t", std::move(pairs.values), std::move(pairs.broken));
    CHECK(text_of(answer(static_cast<table::Table&>(table).lookup(c.key))) == c.value);
  }
}

TEST_CASE("an alias file is read by the rules of aliases(5)") {
  constexpr std::string_view kText =
      "# Aliases\npostmaster: root\nRoot:\tann@example.com, bob\n"
      "list: :include:/etc/list,\n  \"|/bin/cmd a, b\", /var/file,\n"
      "\"quoted: name\" : x\nQ: \"a b\"@example.com\ntwo words: y\ndup: 1\nDUP: 2\n"
      "no colon\nempty:\nann@example.com: z\n";
  std::string reports;
  const auto pairs = table::read_text(kText, "al", table::TextForm::aliases,
                                      [&](table::Trouble, const auto& text) { reports += text + '\n'; });
  std::map<std::string, std::string> sorted(pairs.values.begin(), pairs.values.end());
  const std::map<std::string, std::string> expected{
      {"postmaster", "root"},
      {"root", "ann@example.com, bob"},
      {"list", ":include:/etc/list, \"|/bin/cmd a, b\", /var/file"},
      {"quoted: name", "x"},
      {"q", "\"a b\"@example.com"},
      {"two words", "y"},
      {"dup", "1"}};
  CHECK(sorted == expected);
  CHECK(reports ==
        "al, line 10: duplicate entry: \"DUP\"\nal, line 11: need name:value pair -- ignoring this line\n"
        "al, line 12: need name:value pair -- ignoring this line\n"
        "al, line 13: name must be local -- ignoring this line\n");
  CHECK(table::looks_like_aliases(kText));
  CHECK(table::looks_like_aliases("root:ann\n"));
  CHECK_FALSE(table::looks_like_aliases("a b\n2001:db8::1 OK\n"));
  CHECK_FALSE(table::looks_like_aliases(""));
}
