// What commands change, whatever the message is doing.
#include "tests/queue/qmgr/rig.h"

using namespace postern;
using namespace postern::qmgr;
using ipc::QueueAction;
using Ids = std::vector<std::int64_t>;

namespace {

// A letter to two destinations, the first of them in an agent's hands, the second in line behind it.
void begin_delivery(Rig& q) {
  q.transport.at_once = 1;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.start();
  q.agent->hold();
  Message message = letter(1, 2);
  message.recipients[1].address = "user2@other.example";
  q.enqueue(std::move(message));
  wait_for(q.loop, [&] { return q.agent->at_once == 1; });
}

std::size_t rows(Rig& q) {
  std::function<Result<std::int64_t>(Database&)> count = [](Database& database) { return database.count(); };
  const auto number = finish(q.loop, q.store->run<std::int64_t>(Job::Kind::prompt, count));
  return static_cast<std::size_t>(number.value());
}

}  // namespace

TEST_CASE("A message that waits is removed, held, released and flushed by its id") {
  Rig q;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.agent->answers("user1@example.com", DeliveryStatus::deferred);
  q.start();
  for (int i = 1; i <= 3; ++i) q.enqueue(letter(i));
  q.idle();
  CHECK(q.change(QueueAction::remove, {1, 9}) == Ids{1});
  CHECK(q.queued == 2);
  CHECK(rows(q) == 2);
  CHECK(q.change(QueueAction::hold, {2, 9}) == Ids{2});
  CHECK(q.change(QueueAction::hold, {2}).empty());
  CHECK(q.change(QueueAction::release, {3}).empty());
  q.agent->answers("user1@example.com", DeliveryStatus::sent);
  CHECK(q.change(QueueAction::flush, {2, 3, 9}) == Ids{3});
  wait_for(q.loop, [&] { return q.queued == 1; });
  CHECK(q.change(QueueAction::release, {2}) == Ids{2});
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("A held message is not touched by a flush or a start") {
  Rig q;
  q.start();
  Message message = letter(1);
  message.held = true;
  q.enqueue(std::move(message));
  q.scheduler->flush("");
  q.enqueue(letter(2));
  wait_for(q.loop, [&] { return q.queued == 1; });
  q.stop();
  q.start();
  q.enqueue(letter(3));
  wait_for(q.loop, [&] { return q.queued == 1; });
  CHECK(q.agent->ids == Ids{2, 3});
  CHECK(q.change(QueueAction::release, {1}) == Ids{1});
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE(
    "A message that is removed while an agent has it goes when that has ended, and nothing else begins") {
  Rig q;
  begin_delivery(q);
  CHECK(q.change(QueueAction::remove, {1}) == Ids{1});
  CHECK(rows(q) == 0);  // whatever is killed now
  q.agent->let_go();
  wait_for(q.loop, [&] { return q.queued == 0; });
  q.idle();
  CHECK(q.agent->asked.size() == 1);
}

TEST_CASE(
    "A message that is held while an agent has it waits when that has ended, without what was delivered") {
  Rig q;
  begin_delivery(q);
  CHECK(q.change(QueueAction::hold, {1}) == Ids{1});
  q.agent->let_go();
  q.idle();
  CHECK(q.queued == 1);
  CHECK(q.agent->asked.size() == 1);
  CHECK(q.change(QueueAction::release, {1}) == Ids{1});
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked.size() == 2);
}

TEST_CASE("Held and released while an agent has it, a message goes on at once") {
  Rig q;
  begin_delivery(q);
  CHECK(q.change(QueueAction::hold, {1}) == Ids{1});
  CHECK(q.change(QueueAction::release, {1}) == Ids{1});
  q.agent->let_go();
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("A message that is requeued while an agent has it begins again, and a held one is released by it") {
  Rig q;
  begin_delivery(q);
  CHECK(q.change(QueueAction::requeue, {1}) == Ids{1});
  q.agent->let_go();
  wait_for(q.loop, [&] { return q.queued == 0; });
  Message held = letter(2);
  held.held = true;
  q.enqueue(std::move(held));
  CHECK(q.change(QueueAction::requeue, {2}) == Ids{2});
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("A message that is expired while an agent has it is returned when that has ended") {
  Rig q;
  q.with_bounce();
  begin_delivery(q);
  CHECK(q.change(QueueAction::expire, {1}) == Ids{1});
  q.agent->let_go();
  wait_for(q.loop, [&] { return q.queued == 0; });
  REQUIRE(q.bounce->asked.size() == 1);
  REQUIRE(q.bounce->asked[0].recipients.size() == 1);
  CHECK(q.bounce->asked[0].recipients[0].address == "user2@other.example");
}

TEST_CASE("A large queue is flushed page by page, each message once") {
  Rig q;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.limits.active_messages = 40;
  q.agent->answers("user1@example.com", DeliveryStatus::deferred);
  q.start();
  for (int i = 1; i <= 300; ++i) {
    auto shared = std::make_shared<Message>(letter(i));
    shared->due = wall_micros() + 3'600'000'000;
    REQUIRE(finish(q.loop, q.store->insert(shared, {})));
    q.scheduler->stored(shared);
  }
  q.scheduler->flush("");
  wait_for(q.loop, [&] { return q.agent->asked.size() >= 300; });
  q.idle();
  CHECK(std::set<std::int64_t>(q.agent->ids.begin(), q.agent->ids.end()).size() == 300);
  CHECK(q.agent->asked.size() == 300);
  CHECK(q.queued == 300);
}
