// A queue with five messages that differ in everything that a condition can ask for.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "lib/queue/listing.h"
#include "tests/lib/base/temporary_directory.h"

namespace postern::queue {

inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr std::int64_t kHour = 3600 * kSecond;
inline constexpr std::int64_t kNow = 1'795'000'000 * kSecond;  // 2026-11-18T11:06:40Z

inline Recipient recipient(std::int64_t number, std::string address, std::string reason = "",
                           std::string dsn = "") {
  Recipient r;
  r.number = number;
  r.address = std::move(address);
  r.original = r.address;
  r.reason = std::move(reason);
  r.dsn = std::move(dsn);
  return r;
}

class SomeQueue {
 public:
  SomeQueue() : database_(opened(directory_.path() + "/queue.db")) {}

  Database& database() { return *database_; }

  void insert(const Message& message) {
    REQUIRE(database_->begin(Database::Sync::later));
    REQUIRE(database_->insert(message));
    REQUIRE(database_->commit());
  }

  // 1: active, to two; 2: deferred twice; 3: held, the null sender; 4: due long ago; 5: large, submitted here.
  void fill() {
    Message m;
    m.id = 1;
    m.arrived = kNow - 10 * kSecond;
    m.size = 900;
    m.sender = "Ann@Example.org";
    m.subject = "Greetings";
    m.message_id = "<one@example.org>";
    m.client.name = "mail.example.org";
    m.client.address = "192.0.2.1";
    m.client.helo = "mail.example.org";
    m.client.protocol = "ESMTP";
    m.recipients = {recipient(1, "bob@a.test"), recipient(2, "\"x@y\"@b.test", "", "")};
    m.recipients[1].original = "alias@example.org";
    insert(m);
    m = Message();
    m.id = 2;
    m.arrived = kNow - 2 * kHour;
    m.size = 20'000;
    m.due = kNow + kHour / 2;
    m.attempts = 2;
    m.sender = "100%@list.example.org";
    m.client.sasl_username = "kim";
    m.recipients = {
        recipient(1, "bob@b.test", "connect to mx.b.test[192.0.2.2]:25: Connection timed out", "4.4.1"),
        recipient(2, "eve@a.test", "Mailbox full", "4.2.2")};
    m.recipients[0].transport = "smtp";
    m.recipients[0].nexthop = "b.test";
    insert(m);
    m = Message();
    m.id = 3;
    m.arrived = kNow - 30 * kHour;
    m.size = 3'000;
    m.held = true;
    m.due = kNow;
    m.forced_expire = true;
    m.recipients = {recipient(1, "postmaster")};
    insert(m);
    m = Message();
    m.id = 4;
    m.arrived = kNow - 72 * kHour;
    m.size = 0;
    m.due = kNow - kHour;
    m.attempts = 9;
    m.sender = "list-owner@x.org";
    m.warned = true;
    m.recipients = {recipient(1, "kim@c.test", "said: 450 \"later\"", "4.7.1")};
    insert(m);
    m = Message();
    m.id = 5;
    m.arrived = kNow;
    m.size = 3 << 20;
    m.due = kNow + 30 * kSecond;
    m.attempts = 1;
    m.sender = "o'neil@x.org";
    m.source = 1;
    for (int i = 1; i <= 20; ++i)
      m.recipients.push_back(recipient(i, concat("user", i, "@many.test"), "greylisted"));
    m.recipients[0].state = RecipientState::succeeded;
    m.recipients[0].reason = "250 delivered";
    m.recipients[1].state = RecipientState::failed;
    m.recipients[1].reason = "550 unknown";
    insert(m);
  }

 private:
  static std::unique_ptr<Database> opened(const std::string& path) {
    auto database = Database::open(path);
    if (!database) FAIL(database.error().text);
    return std::move(*database);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
};

}  // namespace postern::queue
