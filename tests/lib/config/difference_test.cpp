#include "lib/config/difference.h"

#include <doctest/doctest.h>

#include <limits>

using namespace postern;
using config::Lines;

namespace {

Lines lines_of(std::string_view text) {
  auto lines = Lines::parse(std::string(text), "x.cf");
  REQUIRE(lines);
  return std::move(*lines);
}

const std::string kTen = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";

}  // namespace

TEST_CASE("a diff has three lines of context, and hunks that share them are one") {
  const auto before = lines_of(kTen);
  auto after = before;
  after.replace(8, 9, {"I\n"});
  after.replace(0, 1, {"A\n", "A2\n"});
  const auto hunks = config::difference(before, after);
  REQUIRE(hunks.size() == 2);
  CHECK(config::unified_diff(before, hunks, "x.cf") ==
        "--- x.cf\n+++ x.cf\n@@ -1,4 +1,5 @@\n-a\n+A\n+A2\n b\n c\n d\n"
        "@@ -6,5 +7,5 @@\n f\n g\n h\n-i\n+I\n j\n");
  after.replace(5, 6, {});
  CHECK(config::unified_diff(before, config::difference(before, after), "a b.cf")
            .starts_with("--- a b.cf\t\n+++ a b.cf\t\n@@ -1,10 +1,10 @@\n"));
}

TEST_CASE("a missing end of line is part of the difference") {
  const auto before = lines_of("a");
  auto after = before;
  after.append("b");
  CHECK(config::unified_diff(before, config::difference(before, after), "x") ==
        "--- x\n+++ x\n@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
}

TEST_CASE("no difference is no text") {
  const auto before = lines_of(kTen);
  auto after = before;
  after.replace(3, 4, {"d\n"});
  CHECK(config::difference(before, after).empty());
  CHECK(config::unified_diff(before, {}, "x").empty());
}

TEST_CASE("hunks can be taken back where they are now, and nowhere else") {
  const auto before = lines_of(kTen);
  auto after = before;
  after.replace(4, 6, {"x\n"});
  const auto hunks = config::difference(before, after);
  auto moved = after;
  moved.replace(0, 0, {"new\n"});
  REQUIRE(config::take_back(moved, hunks, "x.cf"));
  CHECK(moved.text() == "new\n" + kTen);
  REQUIRE(config::repeat(moved, hunks, "x.cf"));
  CHECK(moved.text() == "new\n" + after.text());

  auto changed = after;
  changed.replace(4, 5, {"y\n"});
  const auto text = changed.text();
  CHECK(config::take_back(changed, hunks, "x.cf").error().text ==
        "x.cf, line 5: no longer as it was left: \"x\"");
  CHECK(changed.text() == text);

  auto twice = after;
  twice.replace(0, 0, {"d\n", "x\n"});
  CHECK_FALSE(config::take_back(twice, hunks, "x.cf"));
}

TEST_CASE("hunks from elsewhere are refused, whatever they say") {
  auto lines = lines_of(kTen);
  const auto far = std::numeric_limits<std::size_t>::max();
  CHECK_FALSE(config::take_back(lines, {{far, far, {"a\n"}, {"x\n"}, "q"}}, "x.cf"));
  CHECK_FALSE(config::take_back(lines, {{far, far, {}, {"x\n"}, ""}}, "x.cf"));
  CHECK(lines.text() == kTen);
}
