#include "commands/postern/story.h"

#include <doctest/doctest.h>

#include "lib/mail/queue_id.h"

using namespace postern;
using namespace postern::commands;

namespace {

// One process with two connections of one client, one after the other, and another client between; a forwarded message, a
// notification, and a relay that names a queue id of another host.
constexpr std::string_view kLog[] = {
    "Nov 23 04:05:00 host postfix/smtpd[10]: connect from a.test[192.0.2.1]",
    "Nov 23 04:05:01 host postfix/smtpd[10]: disconnect from a.test[192.0.2.1] quit=1 commands=1",
    "Nov 23 04:05:02 host postfix/smtpd[10]: connect from b.test[192.0.2.2]",
    "Nov 23 04:05:03 host postfix/submission/smtpd[10]: connect from a.test[192.0.2.1]",
    "Nov 23 04:05:04 host postfix/submission/smtpd[10]: A1: client=a.test[192.0.2.1], sasl_username=ann",
    "Nov 23 04:05:04 host postfix/cleanup[11]: A1: message-id=<1@a.test>",
    "Nov 23 04:05:04 host postfix/qmgr[12]: A1: from=<ann@a.test>, size=321, nrcpt=2 (queue active)",
    "Nov 23 04:05:05 host postfix/smtpd[10]: disconnect from b.test[192.0.2.2] quit=1 commands=1",
    "Nov 23 04:05:05 host postfix/cleanup[11]: B2: message-id=<1@a.test>",
    "Nov 23 04:05:05 host postfix/local[13]: A1: to=<x@h.test>, relay=local, delay=1, delays=1/0/0/0, "
    "dsn=2.0.0, status=sent "
    "(forwarded as B2)",
    "Nov 23 04:05:06 host postfix/smtp[14]: A1: to=<y@c.test>, relay=none, delay=2, delays=2/0/0/0, "
    "dsn=4.4.1, status=deferred "
    "(connect to c.test[192.0.2.3]:25: Connection refused (at [::1]: x))",
    "Nov 23 04:05:06 host postfix/submission/smtpd[10]: disconnect from a.test[192.0.2.1] mail=1 commands=3",
    "Nov 23 05:05:06 host postfix/smtp[14]: A1: to=<y@c.test>, relay=c.test[192.0.2.3]:25, delay=9, "
    "delays=9/0/0/0, dsn=5.1.1, "
    "status=bounced (host c.test[192.0.2.3] said: 550 no)",
    "Nov 23 05:05:06 host postfix/cleanup[11]: C3: message-id=<2@host>",
    "Nov 23 05:05:06 host postfix/bounce[15]: A1: sender non-delivery notification: C3",
    "Nov 23 05:05:06 host postfix/qmgr[12]: A1: removed",
    "Nov 23 05:05:07 host postfix/smtp[14]: B2: to=<z@d.test>, relay=d.test[192.0.2.4]:25, delay=9, "
    "delays=9/0/0/0, dsn=2.0.0, "
    "status=sent (250 2.0.0 Ok: queued as D4)",
    "Nov 23 05:05:08 host postfix/qmgr[12]: E5: removed",
    "no line of a mail program",
    ""};

std::vector<StoryMessage> story_of(std::int64_t id) {
  Story story(id);
  for (const auto line : kLog) story.relate(line);
  story.begin();
  for (const auto line : kLog) story.tell(line);
  return story.messages();
}

std::vector<std::int64_t> ids_of(const std::vector<StoryMessage>& messages) {
  std::vector<std::int64_t> ids;
  for (const auto& message : messages) ids.push_back(message.id);
  return ids;
}

}  // namespace

TEST_CASE("A story begins with the connection and ends with the queue") {
  const auto messages = story_of(0xa1);
  REQUIRE(ids_of(messages) == std::vector<std::int64_t>{0xa1, 0xb2, 0xc3});
  const StoryMessage& first = messages.front();
  CHECK(first.sender == "ann@a.test");
  CHECK(first.size == "321");
  CHECK(first.removed);
  REQUIRE(first.lines.size() == 10);
  CHECK(first.lines[0].text == "connect from a.test[192.0.2.1]");
  CHECK(first.lines[0].time == "Nov 23 04:05:03");
  CHECK(first.lines[1].text == "client=a.test[192.0.2.1], sasl_username=ann");
  CHECK(first.lines[6].text == "disconnect from a.test[192.0.2.1] mail=1 commands=3");
  CHECK(first.lines.back().text == "removed");
  REQUIRE(first.recipients.size() == 2);
  CHECK(first.recipients[0].status == "sent");
  CHECK(first.recipients[0].reason == "forwarded as B2");
  CHECK(first.recipients[1].status == "bounced");
  CHECK(first.recipients[1].attempts == 2);
  CHECK(first.recipients[1].relay == "c.test[192.0.2.3]:25");
  CHECK(first.recipients[1].reason == "host c.test[192.0.2.3] said: 550 no");
  CHECK(messages[1].relation == "forwarded");
  CHECK(messages[2].relation == "sender non-delivery notification");
  CHECK(messages[2].of == 0xa1);
}

TEST_CASE("A story is the same from whichever message one comes") {
  for (const std::int64_t id : {0xb2, 0xc3})
    CHECK(ids_of(story_of(id)) == std::vector<std::int64_t>{0xa1, 0xb2, 0xc3});
  CHECK(ids_of(story_of(0xe5)) == std::vector<std::int64_t>{0xe5});
  const auto unknown = story_of(0xf6);
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0].lines.empty());
}

TEST_CASE("A log that goes in circles comes to an end") {
  Story story(1);
  const std::string lines[] = {
      "Nov 23 04:05:04 h postfix/local[1]: 1: to=<a>, relay=local, dsn=2, status=sent (forwarded as 2)",
      "Nov 23 04:05:04 h postfix/local[1]: 2: to=<a>, relay=local, dsn=2, status=sent (forwarded as 3)",
      "Nov 23 04:05:04 h postfix/local[1]: 3: to=<a>, relay=local, dsn=2, status=sent (forwarded as 1)"};
  for (const auto& line : lines) story.relate(line);
  story.begin();
  for (const auto& line : lines) story.tell(line);
  CHECK(story.messages().size() == 3);
}

TEST_CASE("Lines are taken apart whatever the form of time, tag and queue id") {
  const auto line =
      parse_log_line("2026-11-23T04:05:06.123456+01:00 h postfix/smtp[7]: 4mHmZn3gDMz001: to=<a@b>, x]: y");
  REQUIRE(line);
  CHECK(line->time == "2026-11-23T04:05:06.123456+01:00");
  CHECK(line->program == "smtp");
  CHECK(line->process == 7);
  CHECK(line->id == mail::parse_queue_id("4mHmZn3gDMz001")->number());
  CHECK(line->text == "to=<a@b>, x]: y");
  const auto none = parse_log_line("Nov 23 04:05:06 h postfix/smtpd[7]: NOQUEUE: reject: x");
  REQUIRE(none);
  CHECK(none->id == 0);
  CHECK(none->text == "NOQUEUE: reject: x");
  for (const auto text :
       {"", "]: ", "[]: ", "a[1]: x", "h postfix/[1]: x", "h postfix/smtp[x]: y", "postfix/smtp[1]: y"}) {
    CHECK_FALSE(parse_log_line(text));
  }
}
