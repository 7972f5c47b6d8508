#include "lib/queue/listing.h"

#include "tests/lib/queue/some_queue.h"

using namespace postern;
using namespace postern::queue;

namespace {

Condition where(std::string_view text) {
  auto condition = Condition::parse(text, kNow);
  if (!condition) FAIL(condition.error().text);
  return *condition;
}

std::vector<std::int64_t> all_ids(Database& database, const Condition& condition, const PageLimits& limits,
                                  int& pages) {
  std::vector<std::int64_t> ids;
  std::int64_t after = 0;
  for (bool more = true; more; ++pages) {
    const auto page = list_page(database, condition, after, limits);
    if (!page) FAIL(page.error().text);
    for (const Listed& listed : page->messages) ids.push_back(listed.message.id);
    CHECK((page->next > after || !page->more));
    after = page->next;
    more = page->more;
  }
  return ids;
}

}  // namespace

TEST_CASE("A message is listed with what is known of it, and its recipients that still wait") {
  SomeQueue queue;
  queue.fill();
  const auto page = list_page(queue.database(), {}, 0, {});
  REQUIRE(page);
  CHECK_FALSE(page->more);
  REQUIRE(page->messages.size() == 5);
  const Listed& first = page->messages[0];
  CHECK(first.active);
  CHECK(first.due == 0);
  CHECK(first.message.sender == "Ann@Example.org");
  CHECK(first.message.client.address == "192.0.2.1");
  CHECK(first.message.recipients.at(1).original == "alias@example.org");
  const Listed& second = page->messages[1];
  CHECK_FALSE(second.active);
  CHECK(second.due == kNow + kHour / 2);
  CHECK(second.message.attempts == 2);
  CHECK(second.message.recipients.at(0).dsn == "4.4.1");
  CHECK(second.message.recipients.at(0).nexthop == "b.test");
  const Listed& held = page->messages[2];
  CHECK(held.message.held);
  CHECK(held.message.forced_expire);
  CHECK_FALSE(held.active);
  CHECK(held.due == 0);
  const Listed& last = page->messages[4];
  CHECK(last.recipients == 19);  // one of 20 has its mail
  CHECK(last.message.recipients.at(0).number == 2);
  CHECK(last.message.recipients.at(0).state == RecipientState::failed);
}

TEST_CASE("Pages end at each of their limits and go on where they ended") {
  SomeQueue queue;
  queue.fill();
  const std::vector<std::int64_t> everything{1, 2, 3, 4, 5}, some{2, 4};
  PageLimits by_messages, by_recipients, by_bytes, by_time;
  by_messages.messages = 2;
  by_recipients.recipients = 2;
  by_bytes.bytes = 1;
  by_time.time = milliseconds(0);
  for (const PageLimits& limits : {by_messages, by_recipients, by_bytes, by_time}) {
    int pages = 0;
    CHECK(all_ids(queue.database(), {}, limits, pages) == everything);
    CHECK(all_ids(queue.database(), where("attempts > 1"), limits, pages) == some);
    CHECK(pages >= 2);
  }
  const auto cut = list_page(queue.database(), where("id = 5"), 0, by_recipients);
  REQUIRE(cut);
  CHECK(cut->messages.at(0).message.recipients.size() == 2);
  CHECK(cut->messages.at(0).recipients == 19);
}

TEST_CASE("A condition that nothing fits ends each page in time") {
  SomeQueue queue;
  Message m;
  m.recipients = {recipient(1, "bob@a.test")};
  REQUIRE(queue.database().begin(Database::Sync::later));
  for (m.id = 1; m.id <= 3000; ++m.id) REQUIRE(queue.database().insert(m));
  REQUIRE(queue.database().commit());
  PageLimits limits;
  limits.time = milliseconds(0);
  int pages = 0;
  CHECK(all_ids(queue.database(), where("recipient = nobody"), limits, pages).empty());
  CHECK(pages > 100);
  const auto ids = list_ids(queue.database(), where("recipient = nobody"), 0, limits);
  REQUIRE(ids);
  CHECK(ids->more);
  CHECK(ids->next == 16);
}

TEST_CASE("One message is found by its queue id, or not") {
  SomeQueue queue;
  queue.fill();
  const auto found = find_message(queue.database(), 4);
  REQUIRE(found);
  CHECK(found->message.warned);
  CHECK(found->message.recipients.at(0).reason == "said: 450 \"later\"");
  const auto missing = find_message(queue.database(), 6);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Errc::not_found);
}
