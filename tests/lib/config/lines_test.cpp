#include "lib/config/lines.h"

#include <doctest/doctest.h>

using namespace postern;
using config::Comments;
using config::Lines;

namespace {

Lines lines_of(std::string_view text) {
  auto lines = Lines::parse(std::string(text), "x.cf");
  REQUIRE(lines);
  return std::move(*lines);
}

}  // namespace

TEST_CASE("a logical line is continued by lines that begin with a blank, and comments stand anywhere") {
  const auto lines = lines_of("# c\na = b\n# inside\n\n  c\nd = e");
  const auto logical = lines.logical();
  REQUIRE(logical.size() == 2);
  CHECK(logical[0].text == "a = b  c");
  CHECK(logical[0].begin == 1);
  CHECK(logical[0].end == 5);
  CHECK(logical[1].text == "d = e");
  CHECK(lines.ignored() == 3);
  CHECK(lines.text_at(1) == "a = b  c");
  CHECK(lines.line_of(1, 4) == 1);
  CHECK(lines.line_of(1, 7) == 4);
}

TEST_CASE("what cannot be told apart is refused with its line") {
  CHECK(Lines::parse("  a\n", "x.cf").error().text ==
        "x.cf, line 1: logical line must not start with whitespace: \"a\"");
  CHECK(Lines::parse(std::string("a=b\n\0", 5), "x.cf").error().text == "x.cf, line 2: NUL byte in text");
  CHECK(Lines::parse(std::string(config::kLongestFile + 1, '\n'), "x.cf").error().kind == Errc::too_long);
}

TEST_CASE("comments of a rewritten line stay behind it, or in front") {
  auto lines = lines_of("a = b\n# c\n  d\n");
  lines.rewrite(lines.logical()[0], "a = x", Comments::behind);
  CHECK(lines.text() == "a = x\n# c\n");
  lines = lines_of("a = b\n# c\n  d\n");
  lines.rewrite(lines.logical()[0], "a = x", Comments::in_front);
  CHECK(lines.text() == "# c\na = x\n");
}

TEST_CASE("a folded line that is appended is as many lines") {
  auto lines = lines_of("a = b");
  lines.append("c = d\n  e");
  CHECK(lines.text() == "a = b\nc = d\n  e\n");
  CHECK(lines.height() == 3);
  CHECK(lines.origin(0) == config::kNewLine);  // it has got an end
  CHECK(lines.logical()[1].text == "c = d  e");
}

TEST_CASE("line ends of another system stay") {
  auto lines = lines_of("a = b\r\nc = d\r\n");
  lines.append("e = f");
  lines.rewrite(lines.logical()[0], "a = x", Comments::behind);
  CHECK(lines.text() == "a = x\r\nc = d\r\ne = f\r\n");
}

TEST_CASE("a line that was not touched knows where it stood") {
  auto lines = lines_of("a\nb\nc\n");
  lines.replace(1, 2, {"x\n", "y\n"});
  lines.erase(lines.logical()[0]);
  CHECK(lines.text() == "x\ny\nc\n");
  CHECK(lines.origin(1) == config::kNewLine);
  CHECK(lines.origin(2) == 2);
}
