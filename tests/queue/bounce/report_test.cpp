#include "queue/bounce/report.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>

#include "lib/base/text.h"
#include "queue/bounce/fields.h"
#include "queue/bounce/original.h"

using namespace postern;
using namespace postern::bounce;

namespace {

constexpr std::int64_t kArrived = 1'795'000'000'000'000;
constexpr std::string_view kLetter =
    "From: ann@a.test\nSubject: hello\nMessage-Id: <1@a.test>\nReferences: <0@a.test>\n\nHi.\n";

ipc::Notify failure(std::string content = std::string(kLetter)) {
  ipc::Notify question;
  question.queue_id = 77;
  question.sender = "ann@a.test";
  question.envid = "QQ+2B1";
  question.arrived = kArrived;
  question.content = std::move(content);
  ipc::NotifyOf& r = question.recipients.emplace_back();
  r.number = 1;
  r.address = "bob@b.test";
  r.original = "bobby@x.test";
  r.orcpt = "rfc822;bob+2Bby@x.test";
  r.dsn = "5.1.1";
  r.reason = "host mx.b.test[192.0.2.1] said: 550 5.1.1 No such user (in reply to RCPT TO command)";
  r.remote_mta = "mx.b.test";
  r.diagnostic = "smtp; 550 5.1.1 No such user";
  return question;
}

std::string text_of(const ipc::Notify& question, Returned returned = Returned::all, bool threaded = false,
                    Report* made = nullptr) {
  Letter letter;
  letter.to = question.sender;
  letter.returned = returned;
  const Wording wording{"us-ascii", "Mail Delivery Service <MAILER-DAEMON>", "Bad news", "It failed.\n"};
  const House house{"mx.x.test", "x.test", threaded};
  const Original original{header_of(question), returned, is_eight_bit(question, returned).value()};
  const Report report = make_report(question, letter, wording, original, house, "4D", "B/mx.x.test");
  std::string text = report.head;
  REQUIRE(read_original(question, returned, [&text](std::string_view piece) -> Result<void> {
    text += piece;
    return {};
  }));
  if (made != nullptr) *made = report;
  return text + report.tail;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("A failure as a whole") {
  ::setenv("TZ", "UTC", 1);
  CHECK(text_of(failure()) == R"(From: Mail Delivery Service <MAILER-DAEMON@x.test>
Subject: Bad news
To: ann@a.test
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="B/mx.x.test"

This is a MIME-encapsulated message.

--B/mx.x.test
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

It failed.

<bob@b.test> (expanded from <bobby@x.test>): host mx.b.test[192.0.2.1] said:
    550 5.1.1 No such user (in reply to RCPT TO command)

--B/mx.x.test
Content-Description: Delivery report
Content-Type: message/delivery-status

Original-Envelope-Id: QQ+1
Reporting-MTA: dns; mx.x.test
Arrival-Date: Wed, 18 Nov 2026 11:06:40 +0000 (UTC)
X-Postfix-Queue-ID: 4D
X-Postfix-Sender: rfc822; ann@a.test

Original-Recipient: rfc822;bob+by@x.test
Final-Recipient: rfc822; bob@b.test
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.b.test
Diagnostic-Code: smtp; 550 5.1.1 No such user

--B/mx.x.test
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: ann@a.test
Subject: hello
Message-Id: <1@a.test>
References: <0@a.test>

Hi.

--B/mx.x.test--
)");
}

TEST_CASE("With the header alone nothing of the body is returned") {
  const std::string text = text_of(failure(), Returned::header);
  CHECK(has(text,
            "Content-Description: Undelivered Message Headers\nContent-Type: text/rfc822-headers\n\nFrom: "));
  CHECK_FALSE(has(text, "Hi."));
}

TEST_CASE("A delay says until when it is tried") {
  ipc::Notify question = failure();
  question.kind = ipc::NotifyKind::delay;
  question.expires = kArrived + 5'000'000;
  question.recipients.front().dsn = "4.4.1";
  const std::string text = text_of(question, Returned::header);
  CHECK(has(text, "\nAction: delayed\nStatus: 4.4.1\n"));
  CHECK(has(text, "No such user\nWill-Retry-Until: Wed, 18 Nov 2026 11:06:45 +0000 (UTC)\n"));
  CHECK(has(text, "Content-Description: Delayed Message Headers\n"));
}

TEST_CASE("What became of a recipient, as an action") {
  struct Case {
    ipc::Purpose purpose;
    ipc::DeliveryStatus status;
    ipc::Arrival arrival;
    const char* action;
  };
  using enum ipc::Arrival;
  using enum ipc::DeliveryStatus;
  using ipc::Purpose;
  const Case cases[] = {{Purpose::deliver, sent, delivered, "delivered"},
                        {Purpose::deliver, sent, relayed, "relayed"},
                        {Purpose::deliver, sent, expanded, "expanded"},
                        {Purpose::record, sent, passed_on, "relayed"},
                        {Purpose::record, deferred, delivered, "delayed"},
                        {Purpose::record, bounced, delivered, "failed"},
                        {Purpose::verify, sent, delivered, "deliverable"},
                        {Purpose::verify, deferred, delivered, "undeliverable"},
                        {Purpose::verify, bounced, delivered, "undeliverable"}};
  for (const Case& c : cases) {
    ipc::Notify question = failure();
    question.kind = ipc::NotifyKind::success;
    question.purpose = c.purpose;
    question.recipients.front().status = c.status;
    question.recipients.front().arrival = c.arrival;
    CHECK(action_of(question, question.recipients.front()) == c.action);
  }
}

TEST_CASE("Only recipients that are to be told of appear") {
  ipc::Notify question = failure();
  question.recipients.push_back(question.recipients.front());
  question.recipients.back().address = "cid@b.test";
  question.recipients.back().notify = "NEVER";
  CHECK_FALSE(has(text_of(question), "cid@b.test"));
}

TEST_CASE("SMTPUTF8 mail with non-ASCII text gets the global forms") {
  ipc::Notify question = failure("Subject: gr\xc3\xbc\xc3\x9f\n\nHi.\n");
  question.smtputf8 = true;
  question.recipients.front().address =
      "b\xc3\xb6"
      "b@b.test";
  question.recipients.front().orcpt = "utf-8;b\\x{F6}b@b.test";
  Report report;
  const std::string text = text_of(question, Returned::all, false, &report);
  CHECK(report.global);
  CHECK(has(text, "report-type=global-delivery-status;"));
  CHECK(has(text, "Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n"));
  CHECK(has(text,
            "Original-Recipient: utf-8;b\xc3\xb6"
            "b@b.test\nFinal-Recipient: utf-8; b\xc3\xb6"
            "b@b.test\n"));
  CHECK(has(text, "Content-Type: message/global\nContent-Transfer-Encoding: 8bit\n"));
  CHECK(has(text, "charset=utf-8\n"));
  CHECK(has(text_of(question, Returned::header), "Content-Type: message/global-headers\n"));
}

TEST_CASE("Without SMTPUTF8 the report is ASCII, but for an original that is not") {
  ipc::Notify question = failure("Subject: x\n\ngr\xc3\xbc\xc3\x9f\n");
  question.recipients.front().address =
      "b\xc3\xb6"
      "b@b.test";
  question.recipients.front().reason = "it \xc3\xb6 failed";
  Report report;
  const std::string text = text_of(question, Returned::all, false, &report);
  CHECK_FALSE(report.global);
  CHECK(is_ascii(report.head));
  CHECK(has(text, "Final-Recipient: utf-8; b\\x{F6}b@b.test\n"));
  CHECK(has(text, "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n"));
  CHECK(has(text, "boundary=\"B/mx.x.test\"\nContent-Transfer-Encoding: 8bit\n"));
  CHECK_FALSE(has(text_of(question, Returned::header), "8bit"));
}

TEST_CASE("Hostile text stays in its field") {
  ipc::Notify question = failure();
  ipc::NotifyOf& r = question.recipients.front();
  r.diagnostic = "smtp; 550 no\nAction: delivered\r\nX: y";
  r.reason = "line\n\n--B/mx.x.test--\n";
  r.remote_mta = "evil\nStatus: 2.0.0";
  r.address = "a\nb@b.test";
  r.orcpt = "rfc822;a+0Ab";
  question.envid = "a+0AReporting-MTA: dns; evil";
  const std::string text = text_of(question);
  CHECK_FALSE(has(text, "\nAction: delivered"));
  CHECK_FALSE(has(text, "\nStatus: 2.0.0"));
  CHECK_FALSE(has(text, "dns; evil\n"));
  CHECK(has(text,
            "line?"
            "?--B/mx.x.test--?"));
}

TEST_CASE("Threaded notifications refer to the original") {
  CHECK(has(text_of(failure(), Returned::all, true),
            "References: <0@a.test> <1@a.test>\nIn-Reply-To: <1@a.test>\n"));
}

TEST_CASE("Long lines are folded at blanks, and never into a line of blanks") {
  CHECK(folded("short") == "short\n");
  const std::string word(60, 'x');
  CHECK(folded(concat(word, " ", word)) == concat(word, "\n    ", word, "\n"));
  const std::string endless(500, 'y');
  CHECK(folded(concat("a ", endless)) == concat("a\n    ", endless, "\n"));
  CHECK(folded(concat(endless, "    ")) == concat(endless, "    \n"));
}

TEST_CASE("An original that goes on in a file is read to its end") {
  std::FILE* file = std::tmpfile();
  const std::string body(200'000, 'b');
  REQUIRE(std::fwrite(body.data(), 1, body.size(), file) == body.size());
  std::fflush(file);
  ipc::Notify question = failure("Subject: x\n\n");
  question.spool = Fd(::dup(fileno(file)));
  CHECK(size_of(question).value() == 200'012);
  const std::string text = text_of(question);
  CHECK(has(text, concat("Subject: x\n\n", body, "\n--B/mx.x.test--\n")));
  CHECK_FALSE(has(text_of(question, Returned::header), "bbbb"));
  std::fclose(file);
}
