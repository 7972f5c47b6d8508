// The dialogues that the RFCs print, as far as a server may answer them in its own words: the codes are what counts.
#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;

namespace {

// "C: " lines are said, "S: " lines are patterns of whole replies.
void play(SmtpdFixture& client, std::initializer_list<std::string_view> dialogue) {
  for (const auto line : dialogue) {
    CAPTURE(line);
    if (line.starts_with("C: ")) client.says(line.substr(3));
    if (line.starts_with("S: ")) client.expect(line.substr(3));
  }
}

constexpr std::string_view kFoo =
    "mydestination = foo.com\nlocal_recipient_maps = inline:{Jones=x,Brown=x,Mike=x}\n";

}  // namespace

TEST_CASE("RFC 5321 D.1: a typical transaction") {
  SmtpdFixture client(kFoo);
  play(client, {"S: 220 *", "C: EHLO bar.com", "S: 250-*|250 CHUNKING", "C: MAIL FROM:<Smith@bar.com>",
                "S: 250 *", "C: RCPT TO:<Jones@foo.com>", "S: 250 *", "C: RCPT TO:<Green@foo.com>",
                "S: 550 *", "C: RCPT TO:<Brown@foo.com>", "S: 250 *", "C: DATA", "S: 354 *",
                "C: Blah blah blah...", "C: ...etc. etc. etc.", "C: .", "S: 250 *", "C: QUIT", "S: 221 *"});
  REQUIRE(client.queue.submitted.size() == 1);
  CHECK(client.queue.submitted[0].recipients.size() == 2);
  CHECK(client.queue.submitted[0].content == "Blah blah blah...\n..etc. etc. etc.\n");
}

TEST_CASE("RFC 5321 D.2: a transaction that is aborted") {
  SmtpdFixture client(kFoo);
  play(client, {"S: 220 *", "C: EHLO bar.com", "S: 250-*", "C: MAIL FROM:<Smith@bar.com>", "S: 250 *",
                "C: RCPT TO:<Jones@foo.com>", "S: 250 *", "C: RCPT TO:<Green@foo.com>", "S: 550 *", "C: RSET",
                "S: 250 *", "C: QUIT", "S: 221 *"});
  CHECK(client.queue.submitted.empty());
}

TEST_CASE("RFC 2920 4: a group whose recipients are refused, and its DATA with them") {
  SmtpdFixture client(kFoo);
  client.begin();
  client.says_at_once(
      {"MAIL FROM:<mrose@dbc.mtview.ca.us>", "RCPT TO:<nsb@foo.com>", "RCPT TO:<galvin@foo.com>", "DATA"});
  play(client, {"S: 250 *", "S: 550 *", "S: 550 *", "S: 554 5.5.1 Error: no valid recipients", "C: QUIT",
                "S: 221 *"});
}

TEST_CASE("RFC 1870 8: a size that is too large is refused before a byte of content") {
  SmtpdFixture client(concat(kFoo, "message_size_limit = 500000\n"));
  play(client, {"S: 220 *", "C: EHLO ymir.claremont.edu", "S: 250-*|250-SIZE 500000|*",
                "C: MAIL FROM:<ned@thor.innosoft.com> SIZE=500001", "S: 552 5.3.4 *",
                "C: MAIL FROM:<ned@thor.innosoft.com> SIZE=500000", "S: 250 *"});
}

TEST_CASE("RFC 5321 4.5.1: postmaster is always there") {
  SmtpdFixture client(kFoo);
  play(client, {"S: 220 *", "C: HELO bar.com", "S: 250 *", "C: MAIL FROM:<>", "S: 250 *",
                "C: RCPT TO:<Postmaster>", "S: 250 *", "C: RCPT TO:<postmaster@foo.com>", "S: 250 *"});
}

TEST_CASE("RFC 5321 4.1.4: NOOP, VRFY and RSET may come at any time") {
  SmtpdFixture client(kFoo);
  play(client, {"S: 220 *", "C: NOOP", "S: 250 *", "C: RSET", "S: 250 *", "C: VRFY Jones@foo.com", "S: 252 *",
                "C: EHLO bar.com", "S: 250-*", "C: MAIL FROM:<>", "S: 250 *", "C: NOOP", "S: 250 *",
                "C: VRFY Jones@foo.com", "S: 252 *", "C: RCPT TO:<Jones@foo.com>", "S: 250 *"});
}
