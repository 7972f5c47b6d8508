#include "lib/queue/maildrop.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::queue;

namespace {

Dropped full() {
  Dropped d;
  d.arrived = 1'795'000'000'000'000;
  d.uid = 1000;
  d.login = "ann";
  d.full_name = "Ann 100%\nB";
  d.sender = "ann@a.test";
  d.recipients = {{"bob@b.test", "SUCCESS,DELAY", "rfc822;bob+2B@b.test"},
                  {std::string("c\0d=e", 5), "", ""}};
  d.envid = "id";
  d.ret = "HDRS";
  d.body_type = "8BITMIME";
  d.smtputf8 = true;
  d.purpose = 2;
  return d;
}

std::string problem(std::string_view lines) {
  const auto parsed = parse_dropped(lines);
  return parsed ? "" : parsed.error().text;
}

}  // namespace

TEST_CASE("An envelope is read as it was written") {
  const std::string lines = format_dropped(full());
  CHECK(lines.find("full_name=Ann 100%25%0AB\n") != std::string::npos);
  const auto again = parse_dropped(lines);
  REQUIRE(again);
  CHECK(*again == full());
  CHECK(parse_dropped("").value() == Dropped());
}

TEST_CASE("What is no envelope is refused, with its line") {
  struct Case {
    std::string lines, problem;
  };
  const Case cases[] = {
      {"sender=a", "envelope, line 1: it does not end"},
      {"uid=1\nsender\n", "envelope, line 2: no name=value"},
      {"uid=-1\n", "envelope, line 1: bad number"},
      {"arrived=99999999999999999999\n", "envelope, line 1: bad number"},
      {"notify=NEVER\n", "envelope, line 1: no recipient before it"},
      {"recipient=\n", "envelope, line 1: empty recipient"},
      {"purpose=3\n", "envelope, line 1: bad value"},
      {"smtputf8=yes\n", "envelope, line 1: bad value"},
      {"shoe=12\n", "envelope, line 1: unknown name"},
      {"sender=%\n", "envelope, line 1: bad escape"},
      {"sender=%0a\n", "envelope, line 1: bad escape"},
      {concat("sender=", std::string(kLongestDroppedText, 'x'), "\n"),
       "envelope, line 1: the value is too long"},
  };
  for (const Case& c : cases) CHECK(problem(c.lines) == c.problem);
  std::string many;
  for (std::size_t i = 0; i <= kMostDroppedRecipients; ++i) many += "recipient=a\n";
  CHECK(problem(many) == concat("envelope, line ", kMostDroppedRecipients + 1, ": too many recipients"));
}

TEST_CASE("The first line has a fixed size, and tells of a file that is not whole") {
  const std::string line = format_first_line({123, 456'789});
  CHECK(line.size() == kFirstLine);
  const auto sizes = parse_first_line(line);
  REQUIRE(sizes);
  CHECK(sizes->envelope == 123);
  CHECK(sizes->content == 456'789);
  for (const std::string& bad : {std::string(kFirstLine, '\0'), format_first_line({0, 1}), line.substr(1),
                                 line + "x", "P" + line.substr(1)}) {
    CHECK_FALSE(parse_first_line(bad));
  }
}

TEST_CASE("A stream is read the same however it is cut") {
  std::string stream = format_stream_head("sender=a\n");
  append_piece(stream, "Hello\n");
  append_piece(stream, std::string(3'000'000, 'x'));
  append_piece(stream, "");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{65536}, stream.size()}) {
    StreamReader reader;
    std::string content;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      REQUIRE(reader.feed(std::string_view(stream).substr(at, piece), content));
    }
    CHECK(reader.ended());
    CHECK(reader.envelope() == "sender=a\n");
    CHECK(content.size() == 3'000'006);
    CHECK(content.starts_with("Hello\nxxx"));
    CHECK_FALSE(reader.feed("x", content));
  }
}

TEST_CASE("A stream that breaks off has not ended, and a wrong one is refused") {
  std::string stream = format_stream_head("");
  append_piece(stream, "Hello\n");
  StreamReader reader;
  std::string content;
  REQUIRE(reader.feed(stream, content));
  CHECK_FALSE(reader.ended());
  for (const char* bad : {"rubbish\n", "postern-submission 1 x\n", "postern-submission 2 1\n",
                          "postern-submission 1 99999999999\n", "postern-submission 1 0\n-1\n",
                          "postern-submission 1 0\n1048577\n"}) {
    StreamReader other;
    CHECK_FALSE(other.feed(bad, content));
  }
  StreamReader endless;
  CHECK_FALSE(endless.feed(std::string(1000, 'p'), content));
}
