#include "lib/mail/header.h"

#include <doctest/doctest.h>

#include <vector>

#include "lib/base/text.h"

using namespace postern;
using mail::HeaderEnd;
using mail::HeaderWalk;

namespace {

struct Walked {
  std::vector<std::string> fields;  // "name|value"
  HeaderEnd end = HeaderEnd::no_body;
  std::string header, body;
};

Walked walk(std::string_view message, mail::HeaderLimits limits = {}) {
  Walked got;
  HeaderWalk fields(message, limits);
  while (const auto field = fields.next()) {
    CHECK(message.substr(field->at, field->raw.size()) == field->raw);
    got.fields.push_back(concat(field->name, '|', field->value));
  }
  CHECK_FALSE(fields.next());
  got.end = fields.end();
  got.header = message.substr(0, fields.header_size());
  got.body = message.substr(fields.body());
  return got;
}

using Fields = std::vector<std::string>;

}  // namespace

TEST_CASE("a header block is walked field by field") {
  const auto got = walk("From: ann\nTo:bob\nSubject:  two\n words\n\tmore\n\nbody\n");
  CHECK(got.fields == Fields{"From|ann", "To|bob", "Subject|two\n words\n\tmore"});
  CHECK(got.end == HeaderEnd::blank_line);
  CHECK(got.header == "From: ann\nTo:bob\nSubject:  two\n words\n\tmore\n");
  CHECK(got.body == "body\n");
}

TEST_CASE("header blocks end in four ways") {
  struct {
    std::string_view message;
    std::size_t fields;
    HeaderEnd end;
    std::string_view body;
  } const cases[] = {
      {"", 0, HeaderEnd::no_body, ""},
      {"\n", 0, HeaderEnd::blank_line, ""},
      {"\nA: b\n", 0, HeaderEnd::blank_line, "A: b\n"},
      {"A: b\n", 1, HeaderEnd::no_body, ""},
      {"A: b", 1, HeaderEnd::no_body, ""},
      {"A: b\n c", 1, HeaderEnd::no_body, ""},
      {"A: b\nhello\n", 1, HeaderEnd::body_line, "hello\n"},
      {"hello\n\nA: b\n", 0, HeaderEnd::body_line, "hello\n\nA: b\n"},
      {" A: b\n", 0, HeaderEnd::body_line, " A: b\n"},
      {": b\n", 0, HeaderEnd::body_line, ": b\n"},
      {"A b: c\n", 0, HeaderEnd::body_line, "A b: c\n"},
      {"\xc3\xa4: c\n", 0, HeaderEnd::body_line, "\xc3\xa4: c\n"},
      {"A: b\n \nC: d\n\nx", 2, HeaderEnd::blank_line, "x"},
  };
  for (const auto& row : cases) {
    const auto& [message, fields, end, body] = row;
    CAPTURE(row.message);
    const auto got = walk(message);
    CHECK(got.fields.size() == fields);
    CHECK(got.end == end);
    CHECK(got.body == body);
  }
}

TEST_CASE("an mbox line in front is passed over, once") {
  CHECK(walk("From ann Mon Nov 23\nA: b\n\nx").fields == Fields{"A|b"});
  CHECK(walk(">From ann Mon Nov 23\nA: b\n\nx").fields == Fields{"A|b"});
  CHECK(walk("From ann").end == HeaderEnd::no_body);
  CHECK(walk("From ann\nFrom bob\n").end == HeaderEnd::body_line);
  CHECK(walk("From: ann\n").fields == Fields{"From|ann"});
}

TEST_CASE("obsolete blanks before the colon and odd values are kept apart") {
  CHECK(walk("Subject \t: x\n\n").fields == Fields{"Subject|x"});
  CHECK(walk("A:\nB: \nC:\n\tx\n\n").fields == Fields{"A|", "B|", "C|x"});
  CHECK(walk("A:b:c\n\n").fields == Fields{"A|b:c"});
  CHECK(walk(std::string_view("A: x\0y\n\n", 8)).fields == Fields{std::string("A|x\0y", 5)});
  CHECK(walk("A: x\ry\n\n").fields == Fields{"A|x\ry"});
}

TEST_CASE("names of fields") {
  CHECK(mail::field_name("A: b") == "A");
  CHECK(mail::field_name("X-Y! :") == "X-Y!");
  for (const std::string_view line : {"", ":", " A: b", "A", "A b: c", "A\x7f: b", "A\x01: b", "\x80: b"}) {
    CAPTURE(line);
    CHECK(mail::field_name(line) == "");
  }
}

TEST_CASE("values are unfolded by taking out the line endings") {
  const auto field = mail::find_field("a: 1\nSUBJECT:  one\n two\r\n\tthree \n\nx", "Subject");
  REQUIRE(field);
  CHECK(field->unfolded() == "one two\tthree");
  CHECK_FALSE(mail::find_field("a: 1\n\nSubject: x\n", "Subject"));
  CHECK(mail::find_field("a:\f1 \n\n", "A")->unfolded() == "\f1");
}

TEST_CASE("long fields are marked and an endless block stops the walk") {
  mail::HeaderLimits limits;
  limits.field = 10;
  limits.block = 40;
  const std::string message = "A: 12345\nB: 123456789\nC: 1\n\n";
  HeaderWalk walk_it(message, limits);
  CHECK_FALSE(walk_it.next()->oversized);
  CHECK(walk_it.next()->oversized);
  CHECK_FALSE(walk_it.next()->oversized);
  const auto got = walk("A: 1\n" + std::string(50, 'B') + ": 2\nC: 3\n\n", limits);
  CHECK(got.fields == Fields{"A|1"});
  CHECK(got.end == HeaderEnd::too_large);
  CHECK(got.header == "A: 1\n");
}

TEST_CASE("facts about a header block") {
  const auto facts = mail::header_facts(
      "Received: by b\nreceived: by a\nDate: x\nfrom: ann\nMESSAGE-ID:\n <1@x>\nMessage-Id: <2@x>\n"
      "Cc: c\nSender: s\nMIME-Version: 1.0\n\nTo: nobody\n");
  CHECK(facts.received == 2);
  CHECK(facts.fields == 9);
  CHECK(facts.date);
  CHECK(facts.from);
  CHECK(facts.sender);
  CHECK(facts.mime);
  CHECK(facts.message_id);
  CHECK(facts.message_id_value == "<1@x>");
  CHECK(facts.cc);
  CHECK_FALSE(facts.to);
  CHECK_FALSE(facts.bcc);
  CHECK(facts.recipients());
  CHECK_FALSE(facts.resent);
  CHECK(facts.end == HeaderEnd::blank_line);
}

TEST_CASE("facts about a resent message") {
  const auto facts =
      mail::header_facts("Resent-Date: x\nResent-From: a\nResent-Bcc: b\nResent-Message-Id: <3@x>\n\n");
  CHECK(facts.resent);
  CHECK(facts.resent_date);
  CHECK(facts.resent_from);
  CHECK(facts.resent_recipients);
  CHECK(facts.resent_message_id_value == "<3@x>");
  CHECK_FALSE(facts.date);
  CHECK_FALSE(facts.from);
  CHECK_FALSE(facts.message_id);
  CHECK_FALSE(facts.recipients());
}
