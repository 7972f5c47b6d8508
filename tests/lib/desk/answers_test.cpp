#include "lib/desk/answers.h"

#include <algorithm>

#include "tests/lib/queue/some_queue.h"

using namespace postern;
using namespace postern::queue;

namespace {

std::vector<std::int64_t> changed(Database& database, ipc::QueueAction action,
                                  std::vector<std::int64_t> ids) {
  REQUIRE(database.begin(Database::Sync::later));
  const auto done = desk::change(database, action, ids);
  REQUIRE(done);
  REQUIRE(database.commit());
  return done->ids;
}

ipc::QueuedMessage one(Database& database, std::int64_t id) {
  ipc::ListQueue question;
  question.after = id - 1;
  question.most = 1;
  const auto page = desk::list(database, question, kNow);
  REQUIRE(page.messages.size() == 1);
  return page.messages.front();
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("A page says where each message stands, and holds its recipients in order") {
  SomeQueue queue;
  queue.fill();
  ipc::ListQueue question;
  question.most = 3;
  const auto page = desk::list(queue.database(), question, kNow);
  CHECK(page.problem.empty());
  CHECK(page.more);
  REQUIRE(page.messages.size() == 3);
  CHECK(page.messages[0].standing == ipc::Standing::active);
  CHECK(page.messages[0].due == 0);
  CHECK(page.messages[1].standing == ipc::Standing::deferred);
  CHECK(page.messages[1].due == kNow + kHour / 2);
  CHECK(page.messages[2].standing == ipc::Standing::held);
  CHECK(page.messages[2].due == 0);
  CHECK(page.messages[2].forced_expire);
  REQUIRE(page.recipients.size() == 5);
  CHECK(page.recipients[2].queue_id == 2);
  CHECK(page.recipients[2].reason == "connect to mx.b.test[192.0.2.2]:25: Connection timed out");
  CHECK(page.recipients[2].nexthop == "b.test");
  question.after = page.next;
  const auto rest = desk::list(queue.database(), question, kNow);
  CHECK(rest.messages.size() == 2);
  CHECK_FALSE(rest.more);
}

TEST_CASE(
    "A question that is none is answered with what is wrong with it, and a page is never without bounds") {
  SomeQueue queue;
  queue.fill();
  ipc::ListQueue question;
  question.where = "size like x";
  CHECK(desk::list(queue.database(), question, kNow).problem.starts_with("size is compared with"));
  question.where.clear();
  for (const int most : {-5, 0}) {
    question.most = most;
    CHECK(desk::list(queue.database(), question, kNow).messages.size() == 1);
  }
  ipc::ChangeQueue change;
  change.where = "(";
  CHECK_FALSE(desk::to_change(queue.database(), change, kNow));
  change.where.clear();
  change.queue_ids.assign(desk::kMostOnPage + 1, 1);
  CHECK_FALSE(desk::to_change(queue.database(), change, kNow));
}

TEST_CASE("Changes are made to the messages that they fit, and said of no others") {
  SomeQueue queue;
  queue.fill();
  Database& database = queue.database();
  CHECK(changed(database, ipc::QueueAction::hold, {2, 3, 77}) == Ids{2});
  CHECK(one(database, 2).standing == ipc::Standing::held);
  CHECK(changed(database, ipc::QueueAction::release, {2, 3, 4}) == Ids{2, 3});
  CHECK(one(database, 2).standing == ipc::Standing::deferred);
  CHECK(one(database, 2).due <= kNow);
  CHECK(changed(database, ipc::QueueAction::requeue, {4, 77}) == Ids{4});
  CHECK(one(database, 4).attempts == 0);
  CHECK(changed(database, ipc::QueueAction::expire, {4}) == Ids{4});
  CHECK(one(database, 4).forced_expire);
  CHECK(changed(database, ipc::QueueAction::flush, {5}) == Ids{5});
  CHECK(one(database, 5).due <= kNow);
  CHECK(changed(database, ipc::QueueAction::remove, {1, 77, 5}) == Ids{1, 5});
  ipc::ListQueue all;
  CHECK(desk::list(database, all, kNow).messages.size() == 3);
}

TEST_CASE("What is removed with a spool file is named") {
  SomeQueue queue;
  Message m;
  m.id = 9;
  m.spooled = true;
  m.recipients = {recipient(1, "bob@a.test")};
  m.content = "Subject: x\n\n";
  queue.insert(m);
  const auto read = desk::read(queue.database(), {9});
  CHECK(read.spooled);
  CHECK(read.answer.content == "Subject: x\n\n");
  CHECK(desk::read(queue.database(), {8}).answer.problem == "the message is not in the queue");
  REQUIRE(queue.database().begin(Database::Sync::later));
  const auto done = desk::change(queue.database(), ipc::QueueAction::remove, {9});
  REQUIRE(done);
  CHECK(done->spooled == Ids{9});
  queue.database().rollback();
}
