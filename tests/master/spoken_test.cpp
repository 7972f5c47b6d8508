#include "master/spoken.h"

#include <doctest/doctest.h>

#include <vector>

using namespace postern;
using namespace postern::master;

namespace {

struct Heard {
  Spoken spoken;
  Instant now{seconds(1000)};
  std::vector<std::string> lines;

  void take(std::string_view bytes) {
    spoken.take(bytes, now, [this](std::string_view line) { lines.emplace_back(line); });
  }
  void end() {
    spoken.end(now, [this](std::string_view line) { lines.emplace_back(line); });
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines come out whole, however they went in; the last one needs no end") {
  Heard heard;
  heard.take("error while loa");
  CHECK(heard.lines.empty());
  heard.take("ding\n\n  second \nlast");
  CHECK(heard.lines == Lines{"error while loading", "second"});
  heard.end();
  CHECK(heard.lines == Lines{"error while loading", "second", "last"});
  CHECK(heard.spoken.last_line() == "last");
  heard.end();
  CHECK(heard.lines.size() == 3);
}

TEST_CASE("a line is cut, and what could harm a terminal is not in it") {
  Heard heard;
  heard.take(std::string(100000, 'x') + "\n\x1b[31mred\n");
  REQUIRE(heard.lines.size() == 2);
  CHECK(heard.lines[0] == std::string(Spoken::kLongestLine, 'x'));
  CHECK(heard.lines[1] == "?[31mred");
}

TEST_CASE("one that talks all the time is heard a little each minute") {
  Heard heard;
  for (int i = 0; i < 1000; ++i) heard.take("again\n");
  CHECK(heard.lines.size() == Spoken::kLinesAMinute);
  heard.now += seconds(60);
  heard.take("later\n");
  REQUIRE(heard.lines.size() == Spoken::kLinesAMinute + 2);
  CHECK(heard.lines[Spoken::kLinesAMinute] == "(980 more lines)");
  CHECK(heard.lines.back() == "later");
  for (int i = 0; i < 30; ++i) heard.take("again\n");
  heard.end();
  CHECK(heard.lines.back() == "(11 more lines)");
}
