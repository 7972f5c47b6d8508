#include "lib/table/table.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "lib/table/accounts.h"
#include "lib/table/memory_tables.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/table/answer.h"

using namespace postern;

namespace {

// The value, "(none)", or "error: TEXT".
std::string look(std::string_view table, std::string_view key) {
  auto opened = table::open(table);
  if (!opened) return "cannot open: " + opened.error().text;
  auto found = answer((*opened)->lookup(key));
  if (!found) return "error: " + found.error().text;
  return *found ? **found : "(none)";
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
      {"fail:not today", "x", "error: not today"},
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
      {"hash:/etc/aliases", "unsupported table type: hash (in \"hash:/etc/aliases\")"},
      {"proxy:mysql:/x", "unsupported table type: mysql (in \"proxy:mysql:/x\")"},
      {"nothing", "bad table name \"nothing\": expected type:name"},
      {"inline:{}", "inline:{}: empty table"},
      {"inline:a=b", "inline:a=b: expected {name=value, ...}"},
      {"inline:{a}", "inline:{a}: missing '=' in \"a\""},
      {"inline:{=b}", "inline:{=b}: missing name in \"=b\""},
      {"inline:{a=1 a=2}", "inline:{a=1 a=2}: duplicate name \"a\""},
      {"unix:shadow", "unix:shadow: expected unix:passwd.byname or unix:group.byname"},
      {"texthash:/no/such/file", "open /no/such/file: No such file or directory"},
  };
  for (const auto& c : cases) {
    const auto& [table, problem] = c;
    CAPTURE(c.table);
    const auto opened = table::open(table);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().text == problem);
    CHECK(table::is_supported(table) == (problem.find("unsupported") == problem.npos && table != "nothing"));
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
  CHECK(look(table, "with blank@x") == "quoted");
  CHECK(look(table, "last") == "value");
  CHECK(look(table, "#") == "(none)");
}

TEST_CASE("of equal keys of a texthash file the first counts, and the others are named") {
  std::vector<std::string> warnings;
  const auto values =
      table::parse_texthash("a 1\nb 2\nA 3\n", "map", [&](const auto& text) { warnings.push_back(text); });
  REQUIRE(values);
  CHECK(values->at("a") == "1");
  CHECK(warnings == std::vector<std::string>{"map, line 3: duplicate entry: \"a\""});
}

TEST_CASE("errors of a texthash file name the line") {
  struct {
    std::string_view text, problem;
  } const cases[] = {
      {"a 1\nb\nc 3\n", "map, line 2: expected format: key whitespace value"},
      {"\n\n  a 1\n", "map, line 3: logical line must not start with whitespace"},
      {"# x\n\"a b 1\n", "map, line 2: unbalanced '\"'"},
      {"a 1\n\"\" 1\n", "map, line 2: expected format: key whitespace value"},
  };
  const auto ignore = [](const std::string&) { FAIL("there is no duplicate"); };
  for (const auto& c : cases) {
    const auto& [text, problem] = c;
    CAPTURE(c.text);
    const auto values = table::parse_texthash(text, "map", ignore);
    REQUIRE_FALSE(values);
    CHECK(values.error().text == problem);
  }
}
