#include "lib/wire/reply.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using wire::ReplyReader;

namespace {

std::string formatted(const mail::Status& status) {
  std::string out;
  wire::append_reply(out, status);
  return out;
}

// Feeds lines; the last must complete the reply.
wire::Reply read(std::initializer_list<std::string_view> lines) {
  ReplyReader reader;
  std::size_t left = lines.size();
  for (const auto line : lines) {
    const auto state = reader.add(line);
    REQUIRE(state);
    CHECK(*state == (--left == 0 ? ReplyReader::State::complete : ReplyReader::State::more));
  }
  return reader.take();
}

}  // namespace

TEST_CASE("a status becomes a reply") {
  CHECK(formatted({250, {2, 0, 0}, "Ok"}) == "250 2.0.0 Ok\r\n");
  CHECK(formatted({501, {}, "Syntax: HELO hostname"}) == "501 Syntax: HELO hostname\r\n");
  CHECK(formatted({354, {}, ""}) == "354\r\n");
  CHECK(formatted({220, {2, 0, 0}, ""}) == "220 2.0.0 \r\n");
}

TEST_CASE("a text of several lines becomes a reply of several lines, each with the enhanced code") {
  CHECK(formatted({550, {5, 7, 1}, "one\ntwo\r\n\nfour\n"}) ==
        "550-5.7.1 one\r\n550-5.7.1 two\r\n550-5.7.1 \r\n550 5.7.1 four\r\n");
}

TEST_CASE("bytes that do not belong into a reply are replaced") {
  CHECK(formatted({550, {}, std::string("a\rb\tc\0d\x80\x7f", 9)}) == "550 a?b?c?d??\r\n");
}

TEST_CASE("a code that is none never reaches the wire") {
  for (const int code : {0, -1, 99, 600, 2500}) CHECK(formatted({code, {}, "x"}) == "550 x\r\n");
}

TEST_CASE("long lines are folded at a blank and no byte of a word is lost") {
  std::string text;
  for (int i = 0; i < 400; ++i) text += concat("word", i, ' ');
  text += std::string(1500, 'x');
  const auto out = formatted({554, {5, 7, 1}, text});
  std::string joined;
  std::size_t at = 0;
  while (at < out.size()) {
    const auto end = out.find("\r\n", at);
    REQUIRE(end != std::string::npos);
    CHECK(end + 2 - at <= wire::kLongestReplyLine);
    const bool last = end + 2 == out.size();
    CHECK(out.substr(at, 10) == (last ? "554 5.7.1 " : "554-5.7.1 "));
    joined += out.substr(at + 10, end - at - 10);
    at = end + 2;
  }
  std::erase(text, ' ');
  std::erase(joined, ' ');
  CHECK(joined == text);
}

TEST_CASE("the answer to EHLO has a line for each keyword") {
  std::string out;
  const std::vector<std::string> lines = {"mail.example.com", "PIPELINING", "SIZE 10240000"};
  wire::append_reply(out, 250, lines);
  CHECK(out == "250-mail.example.com\r\n250-PIPELINING\r\n250 SIZE 10240000\r\n");
  out.clear();
  wire::append_reply(out, 250, std::vector<std::string>{});
  CHECK(out == "250\r\n");
}

TEST_CASE("a client reads one-line replies") {
  auto reply = read({"250 2.1.0 Ok"});
  CHECK(reply.code == 250);
  CHECK(reply.dsn == mail::Dsn{2, 1, 0});
  CHECK(reply.text() == "250 2.1.0 Ok");
  CHECK(reply.status() == mail::Status{250, {2, 1, 0}, "Ok"});
  CHECK(read({"354"}).go_ahead());
  CHECK(read({"354"}).text() == "354");
  CHECK(read({"550-5.1.1 no such", "550-", "550 5.1.1 user"}).text() ==
        "550-5.1.1 no such 550- 550 5.1.1 user");
  CHECK(read({"450\tlater"}).temporary());
  CHECK(read({"550 no"}).permanent());
  CHECK(read({"550 no"}).status() == mail::Status{550, {5, 0, 0}, "no"});
}

TEST_CASE("a client reads replies of several lines, and the last line's code counts") {
  const auto reply = read({"250-mx.example", "250-SIZE 10", "250-", "250 HELP"});
  CHECK(reply.lines == std::vector<std::string>{"mx.example", "SIZE 10", "", "HELP"});
  CHECK(read({"250-5.7.1 one", "550 5.7.1 two"}).status() == mail::Status{550, {5, 7, 1}, "one two"});
}

TEST_CASE("a code that SMTP does not have is an answer all the same, and neither yes nor no") {
  for (const std::string_view line : {"000 x", "099 x", "199 x", "600 5.0.0 x", "999"}) {
    CAPTURE(line);
    const auto reply = read({line});
    CHECK_FALSE((reply.ok() || reply.go_ahead() || reply.temporary() || reply.permanent()));
    CHECK_FALSE(reply.dsn.given());
    CHECK(reply.text() == line);
  }
  CHECK(read({"250-a", "550 b"}).text() == "250-a 550 b");
}

TEST_CASE("an enhanced code that contradicts the reply code is not believed") {
  CHECK_FALSE(read({"250 5.7.1 fine"}).dsn.given());
  CHECK(read({"550 2.0.0 what"}).status().dsn == mail::Dsn{5, 0, 0});
}

TEST_CASE("a reader can be used again") {
  ReplyReader reader;
  CHECK(reader.add("220 hello"));
  CHECK(reader.take().text() == "220 hello");
  CHECK(reader.add("250 ok"));
  CHECK(reader.take().text() == "250 ok");
}

TEST_CASE("what is no reply fails") {
  for (const std::string_view line :
       {"", "2", "25", "250x", "2500", "2x0 x", " 250 x", "abc", "HTTP/1.1 200"}) {
    CAPTURE(line);
    ReplyReader reader;
    const auto state = reader.add(line);
    REQUIRE_FALSE(state);
    CHECK(state.error().kind == Errc::invalid);
  }
}

TEST_CASE("a reply without end fails") {
  ReplyReader reader;
  for (std::size_t i = 0; i < wire::kMostReplyLines; ++i) CHECK(reader.add("250-x"));
  const auto state = reader.add("250-x");
  REQUIRE_FALSE(state);
  CHECK(state.error().kind == Errc::too_long);
}

TEST_CASE("a reply with too much text fails, and a long line is cut") {
  const auto line = "250-" + std::string(100000, 'x');
  ReplyReader reader;
  std::size_t taken = 0;
  while (reader.add(line)) ++taken;
  CHECK(taken >= wire::kLargestReply / wire::kLongestReplyText);
  CHECK(taken < wire::kMostReplyLines);
  CHECK(reader.take().lines.front().size() == wire::kLongestReplyText);
}

TEST_CASE("control characters in a server's reply do not reach the log") {
  CHECK(read({"550 a\x1b[2Jb\rc"}).text() == "550 a?[2Jb?c");
}

TEST_CASE("soft_bounce makes a written refusal one for now") {
  struct Case {
    std::string reply, softened;
  };
  for (auto [reply, softened] :
       {Case{"550 5.7.1 No\r\n", "450 4.7.1 No\r\n"},
        Case{"501 Syntax: EHLO hostname", "401 Syntax: EHLO hostname"}, Case{"550 4.7.1 x", "450 4.7.1 x"},
        Case{"450 5.7.1 x", "450 5.7.1 x"}, Case{"250 5.0.0", "250 5.0.0"}, Case{"5", "4"}, Case{"", ""}}) {
    wire::soften(reply);
    CHECK(reply == softened);
  }
}
