#include "queue/cleanup/canonical.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::cleanup;

namespace {

constexpr std::int64_t kNow = 1'795'000'000'000'000;

House house() {
  House h;
  h.hostname = "mx.example.com";
  h.mail_name = "Postern";
  h.drop = {"bcc", "content-length", "resent-bcc", "return-path"};
  return h;
}

ipc::Submit letter(std::string content) {
  ipc::Submit s;
  s.queue_id = 77;
  s.sender = "ann@example.org";
  s.client.name = "client.example.org";
  s.client.address = "192.0.2.7";
  s.client.helo = "client";
  s.client.protocol = "ESMTP";
  ipc::Recipient r;
  r.address = r.original = "bob@example.com";
  s.recipients.push_back(r);
  s.content = std::move(content);
  return s;
}

Result<Canonical> make(const ipc::Submit& submitted, Origin origin, const Edits& edits = {}) {
  const auto received = received_field(submitted, house(), "4D", kNow);
  return make_canonical(submitted, house(), {received, submitted.sender, origin, "4D", kNow}, edits);
}

std::string canonical(const ipc::Submit& submitted, Origin origin, const Edits& edits = {}) {
  auto made = make(submitted, origin, edits);
  REQUIRE(made);
  return made->content;
}

// What stands behind the Received field.
std::string behind_received(const std::string& content) {
  std::size_t at = content.find('\n');
  while (at != std::string::npos && at + 1 < content.size() && content[at + 1] == '\t')
    at = content.find('\n', at + 1);
  return content.substr(at + 1);
}

}  // namespace

TEST_CASE("Received stands first and says whom the message came from, by and for") {
  const std::string out = canonical(letter("Subject: x\n\nbody\n"), Origin::foreign);
  CHECK(
      out.starts_with("Received: from client (client.example.org [192.0.2.7])\n"
                      "\tby mx.example.com (Postern) with ESMTP id 4D\n"
                      "\tfor <bob@example.com>; "));
  CHECK(behind_received(out) == "Subject: x\n\nbody\n");
}

TEST_CASE("Received of a message to many names none of them") {
  auto submitted = letter("Subject: x\n\nbody\n");
  submitted.recipients.push_back(submitted.recipients.front());
  CHECK(received_field(submitted, house(), "4D", kNow).find(" for <") == std::string::npos);
}

TEST_CASE("What a client says of itself cannot end the Received field or a comment in it") {
  auto submitted = letter("Subject: x\n\nbody\n");
  submitted.client.helo = "a)\nX-Evil: yes (";
  submitted.client.address = "2001:db8::1";
  const std::string field = received_field(submitted, house(), "4D", kNow);
  CHECK(field.find("\nX-Evil") == std::string::npos);
  CHECK(field.find("from a??X-Evil: yes ? (client.example.org [IPv6:2001:db8::1])") != std::string::npos);
}

TEST_CASE("Mail that begins here gets the Date, From and Message-Id that it lacks") {
  auto made = make(letter("Subject: x\n\nbody\n"), Origin::ours);
  REQUIRE(made);
  const std::string rest = behind_received(made->content);
  CHECK(rest.starts_with("Subject: x\nDate: "));
  CHECK(rest.find("\nFrom: ann@example.org\n") != std::string::npos);
  CHECK(rest.find("\nMessage-Id: <1795000000.4D@mx.example.com>\n\nbody\n") != std::string::npos);
  CHECK(made->message_id == "<1795000000.4D@mx.example.com>");
}

TEST_CASE("Mail that others hand on is left as it is") {
  CHECK(behind_received(canonical(letter("Subject: x\n\nbody\n"), Origin::foreign)) ==
        "Subject: x\n\nbody\n");
}

TEST_CASE("What is there is not added again") {
  const std::string content = "date: Mon, 1 Jan 2026 00:00:00 +0000\nFROM: x@y\nMessage-ID: <1@y>\n\nbody\n";
  auto made = make(letter(content), Origin::ours);
  REQUIRE(made);
  CHECK(behind_received(made->content) == content);
  CHECK(made->message_id == "<1@y>");
}

TEST_CASE("A null sender's missing From is the mail system's") {
  auto submitted = letter("Subject: x\n\nbody\n");
  submitted.sender.clear();
  CHECK(canonical(submitted, Origin::ours).find("\nFrom: MAILER-DAEMON@mx.example.com\n") !=
        std::string::npos);
}

TEST_CASE("A local part that is no dot-string stands in quotes in From") {
  auto submitted = letter("Subject: x\n\nbody\n");
  submitted.sender = "a b@example.org";
  CHECK(canonical(submitted, Origin::ours).find("\nFrom: \"a b\"@example.org\n") != std::string::npos);
}

TEST_CASE("A mbox line in front becomes a field, whatever it was meant to be") {
  CHECK(behind_received(canonical(letter("From now on\nmore\n"), Origin::foreign)) ==
        "X-Mailbox-Line: From now on\n\nmore\n");
  CHECK(behind_received(canonical(letter(">From ann Mon\nSubject: x\n\nbody\n"), Origin::foreign)) ==
        "X-Mailbox-Line: >From ann Mon\nSubject: x\n\nbody\n");
}

TEST_CASE("A header block that goes on in the spool file gets nothing behind it") {
  for (const char* content : {"Subject: x\nX-Long: a\n\tb\n", "X-Long: cut within a line"}) {
    auto submitted = letter(content);
    submitted.spooled = true;
    CHECK(behind_received(canonical(submitted, Origin::ours)) == content);
  }
}

TEST_CASE("Edited fields stand where the old ones were") {
  const std::string content = "To: a\nBcc: b\nSubject: x\n y\nFrom: c\n\nbody\n";
  const Edits edits = {
      {0, "To: a@example.com\n"}, {6, "Bcc: b@example.com\n"}, {27, "From: c@example.com\n"}};
  CHECK(behind_received(canonical(letter(content), Origin::foreign, edits)) ==
        "To: a@example.com\nSubject: x\n y\nFrom: c@example.com\n\nbody\n");
}

TEST_CASE("The queue knows subject and message ids") {
  auto made =
      make(letter("Resent-Message-Id: <r@x>\nSubject: \tone\n two\x01\nMessage-ID: <m@x>\nSubject: z\n\n"),
           Origin::foreign);
  REQUIRE(made);
  CHECK(made->subject == "one two?");
  CHECK(made->message_id == "<m@x>");
  CHECK(made->resent_message_id == "<r@x>");
  CHECK(make(letter("Subject: " + std::string(1000, 'x') + "\n\n"), Origin::foreign)->subject.size() == 250);
}

TEST_CASE("Fields that must not travel are left out, folded lines too") {
  const std::string content = "Bcc: a@b,\n  c@d\nSubject: x\nReturn-Path: <z>\nContent-Length: 5\n\nbody\n";
  CHECK(behind_received(canonical(letter(content), Origin::foreign)) == "Subject: x\n\nbody\n");
}

TEST_CASE("An empty line parts header and body, if there is a body") {
  struct Row {
    const char* content;
    const char* expected;
  };
  const Row rows[] = {
      {"just text\n", "\njust text\n"},
      {"", ""},
      {"\n", "\n"},
      {"\nbody\n", "\nbody\n"},
      {"Subject: x\n", "Subject: x\n"},
      {"Subject: x", "Subject: x\n"},
      {"Subject: x\nno header\n", "Subject: x\n\nno header\n"},
      {"Subject: x\n\n\n\nbody", "Subject: x\n\n\n\nbody"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.content);
    CHECK(behind_received(canonical(letter(row.content), Origin::foreign)) == row.expected);
  }
}

TEST_CASE("A message that went through too many hosts is refused") {
  std::string content;
  for (int i = 0; i < 51; ++i) content += "Received: from a by b; date\n";
  auto made = make(letter(content + "\nbody\n"), Origin::foreign);
  REQUIRE_FALSE(made);
  CHECK(made.error().kind == Errc::too_long);
}

TEST_CASE("The body passes through byte by byte") {
  std::string body;
  for (int i = 0; i < 256; ++i) body += static_cast<char>(i);
  CHECK(behind_received(canonical(letter("Subject: x\n\n" + body), Origin::ours)).ends_with("\n\n" + body));
}
