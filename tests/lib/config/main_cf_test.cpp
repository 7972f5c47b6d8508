#include "lib/config/main_cf.h"

#include <doctest/doctest.h>

#include "lib/config/words.h"

using namespace postern;
using namespace postern::config;

namespace {

MainCf main_cf(std::string_view text) {
  auto parsed = MainCf::parse(std::string(text));
  REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().text));
  return *parsed;
}

std::string error_of(std::string_view text) {
  const auto parsed = MainCf::parse(std::string(text), "/etc/x/main.cf");
  return parsed ? "" : parsed.error().text;
}

std::string after_set(std::string_view text, std::string_view name, std::string_view value) {
  auto main = main_cf(text);
  const auto done = main.set(name, value);
  return done ? main.text() : "refused: " + done.error().text;
}

}  // namespace

TEST_CASE("logical lines are joined as Postfix joins them") {
  const struct {
    std::string text, value;
  } rows[] = {
      {"n = v\n", "v"},
      {"n=v", "v"},
      {"n\t=\tv w \n", "v w"},
      {"n =\n", ""},
      {"n =\n    v\n", "v"},
      {"n = a,\n    b\n\tc\n", "a,    b\tc"},
      {"n = a\n# comment\n\n   # another\n  b\n", "a  b"},
      {"n = a # not a comment\n", "a # not a comment"},
      {"n = a=b\n", "a=b"},
      {"n\n = v\n", "v"},
      {"n = a\r\n  b\r\n", "a\r  b"},
      {"n = v\n \t \n#\n", "v"},
      {"n = #v\n", "#v"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto main = main_cf(row.text);
    REQUIRE(main.entries().size() == 1);
    CHECK(main.entries()[0].name == "n");
    CHECK(main.entries()[0].value == row.value);
    CHECK(main.text() == row.text);
  }
}

TEST_CASE("files without entries are fine, and keep their text") {
  for (const std::string text : {"", "\n", "# only a comment", "\n\n  # indented\n \t\n"}) {
    const auto main = main_cf(text);
    CHECK(main.entries().empty());
    CHECK(main.text() == text);
  }
}

TEST_CASE("entries know their line") {
  const auto main = main_cf("# c\na = 1\n  2\n\nb = 3\n");
  REQUIRE(main.entries().size() == 2);
  CHECK(main.entries()[0].line == 2);
  CHECK(main.entries()[1].line == 5);
}

TEST_CASE("the last entry of a name wins, and a warning shows what it overrides") {
  const auto parsed = MainCf::parse("a = 1\nb = 2\na = 3\na = 4\n", "/d/main.cf");
  REQUIRE(parsed);
  CHECK(parsed->find("a")->value == "4");
  CHECK(parsed->find("c") == nullptr);
  CHECK(parsed->warnings() == List{"/d/main.cf, line 3: overriding earlier entry: a=1",
                                   "/d/main.cf, line 4: overriding earlier entry: a=3"});
}

TEST_CASE("what is not an entry is refused with file, line and text") {
  CHECK(error_of("a = 1\nfoo bar = x\n") ==
        "/etc/x/main.cf, line 2: missing '=' after attribute name: \"foo bar = x\"");
  CHECK(error_of("foo\n") == "/etc/x/main.cf, line 1: missing '=' after attribute name: \"foo\"");
  CHECK(error_of("# c\n= x\n") == "/etc/x/main.cf, line 2: missing attribute name: \"= x\"");
  CHECK(error_of("\n  a = b\n") ==
        "/etc/x/main.cf, line 2: logical line must not start with whitespace: \"a = b\"");
  CHECK(error_of(std::string("a = b\nc = \0\n", 11)) == "/etc/x/main.cf, line 2: NUL byte in text");
  CHECK(error_of("bad\x1b[0m\n") == "/etc/x/main.cf, line 1: missing '=' after attribute name: \"bad?[0m\"");
}

TEST_CASE("setting a value rewrites its entry and nothing else") {
  const struct {
    std::string before, name, value, after;
  } rows[] = {
      {"a = 1\nb=2\n", "b", "3", "a = 1\nb = 3\n"},
      {"a =\n  1\n# keep\n\n  2\nb = 3\n", "a", "x", "a = x\n# keep\n\nb = 3\n"},
      {"a = 1\n", "b", "2", "a = 1\nb = 2\n"},
      {"a = 1", "b", "2", "a = 1\nb = 2\n"},
      {"a = 1", "a", "2", "a = 2\n"},
      {"a = 1\n  2", "a", "3", "a = 3\n"},
      {"", "a", "1", "a = 1\n"},
      {"a=1\nb=2\na = 3\n", "a", "4", "a = 4\nb=2\na = 4\n"},
      {"a = 1\n", "a", "", "a =\n"},
      {"a = 1\n", "a", " x  y ", "a = x  y\n"},
      {"a = 1\r\nb = 2\r\n", "a", "3", "a = 3\r\nb = 2\r\n"},
      {"a = 1\r\n", "b", "2", "a = 1\r\nb = 2\r\n"},
      {"#a = 1\n", "a", "2", "#a = 1\na = 2\n"},
      {"ab = 1\n", "a", "2", "ab = 1\na = 2\n"},
  };
  for (const auto& row : rows) CHECK(after_set(row.before, row.name, row.value) == row.after);
}

TEST_CASE("a setting that would break the file is refused, and nothing changes") {
  auto main = main_cf("a = 1\n");
  for (const auto* name : {"", "#a", "a b", "a=b", " a", "a\n"}) {
    CAPTURE(name);
    CHECK_FALSE(main.set(name, "x"));
  }
  CHECK_FALSE(main.set("a", "b\nc = d"));
  CHECK_FALSE(main.set("a", std::string_view("b\0c", 3)));
  CHECK(main.text() == "a = 1\n");
}

TEST_CASE("what was set is found") {
  auto main = main_cf("a = 1\n");
  REQUIRE(main.set("b", "x  y"));
  CHECK(main.find("b")->value == "x  y");
  CHECK(main.find("b")->line == 2);
}

TEST_CASE("removing takes all lines of all entries of the name, but no comment") {
  auto main = main_cf("a = 1\nb = 2\n# keep\n  3\nc = 4\nb = 5");
  CHECK(main.remove("b") == 2);
  CHECK(main.text() == "a = 1\n# keep\nc = 4\n");
  CHECK(main.remove("b") == 0);
  CHECK(main.warnings().empty());
}

TEST_CASE("commenting out marks each line of the entry") {
  auto main = main_cf("b = 2\n# keep\n  3\nc = 4\n");
  CHECK(main.comment_out("b") == 1);
  CHECK(main.text() == "#b = 2\n# keep\n#  3\nc = 4\n");
  CHECK(main.find("b") == nullptr);
}

TEST_CASE("a file that is too large is refused") {
  const auto parsed = MainCf::parse(std::string(kLongestFile + 1, '\n'));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().kind == Errc::too_long);
}

TEST_CASE("reading names the file that is not there") {
  const auto missing = MainCf::read("/no/such/main.cf");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Errc::not_found);
  CHECK(missing.error().text.find("/no/such/main.cf") != std::string::npos);
}
