#include "commands/queue/listing_text.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

#include "commands/postcat/postcat.h"

using namespace postern;
using namespace postern::commands;

namespace {

constexpr std::int64_t kArrived = 1'795'406'706'000'000;  // Mon, 23 Nov 2026 04:05:06

struct Sample {
  Sample() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    message.queue_id = 7;
    message.standing = ipc::Standing::deferred;
    message.arrived = kArrived;
    message.due = kArrived + 600'000'000;
    message.size = 1234567;
    message.attempts = 2;
    message.recipients = 5;
    message.sender = "ann@example.org";
    for (const char* address : {"a@x.test", "b@x.test", "c@x.test", "d@x.test"})
      recipients.emplace_back().address = address;
    recipients[0].reason = recipients[1].reason = "host mx.x.test[192.0.2.1] said: 450 later";
    recipients[2].reason = std::string(90, 'r');
    recipients[2].dsn = "4.0.0";
    recipients[2].transport = "smtp";
    recipients[2].nexthop = "x.test";
    recipients[2].original = "alias@y.test";
  }
  Entry entry(std::string id = "C61C5ED5B593002", bool is_long = false) const {
    return {message, recipients, std::move(id), is_long};
  }
  ipc::QueuedMessage message;
  std::vector<ipc::QueuedRecipient> recipients;
};

}  // namespace

TEST_CASE("The table is Postfix's, for ids of either form") {
  Sample sample;
  CHECK(table_head(false) == "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n");
  CHECK(table_head(true) == "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n");
  CHECK(table_entry(sample.entry("ABCDEF1234")) ==
        "ABCDEF1234  1234567 Mon Nov 23 04:05:06  ann@example.org\n"
        "                                   (host mx.x.test[192.0.2.1] said: 450 later)\n"
        "                                         a@x.test\n"
        "                                         b@x.test\n"
        "(" +
            std::string(90, 'r') +
            ")\n"
            "                                         c@x.test\n"
            "                                                          (reason unavailable)\n"
            "                                         d@x.test\n"
            "\n");
  sample.message.standing = ipc::Standing::active;
  sample.message.forced_expire = true;
  sample.message.sender.clear();
  sample.recipients.clear();
  CHECK(table_entry(sample.entry("4mHmZn3gDMz001", true)) ==
        "4mHmZn3gDMz001*#   1234567 Mon Nov 23 04:05:06 MAILER-DAEMON\n\n");
  CHECK(table_foot(2047, 1) == "-- 1 Kbytes in 1 Request.\n");
  CHECK(table_foot(4096, 2) == "-- 4 Kbytes in 2 Requests.\n");
}

TEST_CASE("What peers wrote cannot break a line or a terminal") {
  Sample sample;
  sample.message.sender = "a\nb\x1b[31m";
  sample.recipients[0].reason = "x\r\ny";
  sample.recipients[0].address = "\x07";
  for (const std::string& text :
       {table_entry(sample.entry()), long_entry(sample.entry(), kArrived), json_entry(sample.entry())}) {
    CHECK(text.find('\x1b') == text.npos);
    CHECK(text.find('\r') == text.npos);
    CHECK(text.find('\x07') == text.npos);
    CHECK(text.find("a\nb") == text.npos);
  }
}

TEST_CASE("At length each message has its next attempt and each recipient its last reply") {
  Sample sample;
  const std::string text = long_entry(sample.entry(), kArrived + 60'000'000);
  CHECK(
      text.starts_with("C61C5ED5B593002  deferred, 2 attempts, next attempt in 9m at 2026-11-23 04:15:06\n"
                       "  from <ann@example.org>, 1234567 bytes, arrived 2026-11-23 04:05:06 (1m ago)\n"));
  CHECK(text.find("  to <c@x.test>, orig_to <alias@y.test>\n    smtp:x.test: 4.0.0 rrr") != text.npos);
  CHECK(text.ends_with("  and 1 more recipient\n"));
  CHECK(long_entry(sample.entry(), kArrived + 700'000'000).find("next attempt now\n") != std::string::npos);
}

TEST_CASE("A page is taken apart into messages with their own recipients") {
  ipc::QueuePage page;
  for (const int id : {3, 5, 9}) page.messages.emplace_back().queue_id = id;
  for (const int id : {3, 3, 9}) page.recipients.emplace_back().queue_id = id;
  std::string seen;
  for_each_entry(
      page, [](std::int64_t id) { return "id" + std::to_string(id); }, false,
      [&](const Entry& entry) { seen += entry.id + ":" + std::to_string(entry.recipients.size()) + " "; });
  CHECK(seen == "id3:2 id5:0 id9:1 ");
}

TEST_CASE("A header ends at the first line that is none") {
  const struct {
    std::string_view content;
    std::size_t size;
  } table[] = {{"", 0},
               {"A: b\n\nbody\n", 5},
               {"A: b\n c\n\td: e\nB : x\n\n", 20},
               {"A: b\nbody without an empty line\n", 5},
               {"\nA: b\n", 0},
               {"A: b", 4},
               {" begins: folded\n", 0},
               {"A: b\n \nC: d\n", 5}};
  for (const auto& row : table) CHECK(header_size(row.content) == row.size);
}
