#include "queue/qmgr/scheduler.h"

#include "tests/queue/qmgr/rig.h"

using namespace postern;
using namespace postern::qmgr;
using ipc::DeliveryStatus;

TEST_CASE("A message is delivered with its content and leaves the queue") {
  Rig q;
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked == std::vector<std::string>{"user1@example.com"});
  CHECK(q.agent->content == letter(1).content);
  q.stop();
  CHECK(Database::open(q.directory.database()).value()->count().value() == 0);
}

TEST_CASE("A deferred recipient is tried again, and only that one") {
  Rig q;
  q.agent->answers("user2@example.com", DeliveryStatus::deferred);
  q.start();
  q.enqueue(letter(1, 3));
  wait_for(q.loop, [&] { return q.agent->asked.size() >= 4; });
  for (std::size_t i = 3; i < q.agent->asked.size(); ++i) CHECK(q.agent->asked[i] == "user2@example.com");
  CHECK(q.queued == 1);
  q.agent->answers("user2@example.com", DeliveryStatus::sent);
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("What was active when the process ended is delivered after the next start") {
  Rig q;
  q.agent->answers("user1@example.com", DeliveryStatus::deferred);
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.start();
  q.enqueue(letter(1));
  q.stop();
  q.agent->answers("user1@example.com", DeliveryStatus::sent);
  q.queued = 1;
  q.start();
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("A scheduler that rests begins nothing, ends what it began, and leaves the rest to the next one") {
  Rig q;
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return !q.agent->asked.empty(); });
  q.scheduler->rest();
  q.enqueue(letter(2));
  CHECK(finish(q.loop, q.scheduler->drained(q.loop.in(seconds(10)))));
  CHECK(q.queued == 1);
  CHECK(q.agent->asked.size() == 1);
  q.stop();
  q.start();
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked.size() == 2);
}

TEST_CASE("Recipients of one destination share requests, up to the limit of the transport") {
  Rig q;
  q.transport.recipients = 4;
  q.start();
  q.enqueue(letter(1, 10));
  wait_for(q.loop, [&] { return q.queued == 0; });
  std::sort(q.agent->batches.begin(), q.agent->batches.end());
  CHECK(q.agent->batches == std::vector<std::size_t>{2, 4, 4});
}

TEST_CASE("No more deliveries to one destination are under way than its limit") {
  Rig q;
  q.transport.window.limit = 3;
  q.start();
  for (int i = 1; i <= 20; ++i) q.enqueue(letter(i));
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->most_at_once <= 3);
  CHECK(q.agent->asked.size() == 20);
}

TEST_CASE("An agent that dies in mid-delivery is asked again") {
  Rig q;
  q.agent->dies = 2;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("More messages than may be active wait in the database and come when there is room") {
  Rig q;
  q.limits.active_messages = 5;
  q.transport.window.limit = 1;
  q.start();
  for (int i = 1; i <= 40; ++i) {
    q.enqueue(letter(i));
    CHECK(q.scheduler->active() <= 5);
  }
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked.size() == 40);
}

TEST_CASE("A failure stays in the queue while the sender cannot be told") {
  Rig q;
  q.agent->answers("user1@example.com", DeliveryStatus::bounced);
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.agent->asked.size() == 1 && q.scheduler->active() == 0; });
  CHECK(q.queued == 1);
  wait_for(q.loop, [&] { return q.scheduler->active() == 0; });
  CHECK(q.agent->asked.size() == 1);  // it is not delivered again
}

TEST_CASE("A failure of mail from the null sender ends when bounce says so") {
  Rig q;
  q.with_bounce();
  q.agent->answers("user1@example.com", DeliveryStatus::bounced);
  q.start();
  Message message = letter(1);
  message.sender.clear();
  q.enqueue(std::move(message));
  wait_for(q.loop, [&] { return q.queued == 0; });
  REQUIRE(q.bounce->asked.size() == 1);
  CHECK(q.bounce->asked[0].sender.empty());
}

TEST_CASE("Nothing is left when the scheduler is destroyed at any moment") {
  for (int turns = 0; turns < 30; ++turns) {
    Rig q;
    q.start();
    q.enqueue(letter(1, 2));
    for (int i = 0; i < turns; ++i) {
      q.loop.turn(net::Loop::Wait::no);
      ::usleep(200);
    }
    q.stop();
    CHECK(Database::open(q.directory.database()));
  }
}
