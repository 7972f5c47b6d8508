// Who is told of what: NOTIFY, purposes, expiry, warnings, and that each is told once.
#include "tests/queue/qmgr/rig.h"

using namespace postern;
using namespace postern::qmgr;
using ipc::NotifyKind;

namespace {

constexpr std::int64_t kHour = 3'600'000'000;

std::vector<std::string> told(const Rig& q, NotifyKind kind) {
  std::vector<std::string> addresses;
  for (const ipc::Notify& question : q.bounce->asked) {
    if (question.kind != kind) continue;
    for (const ipc::NotifyOf& of : question.recipients) addresses.push_back(of.address);
  }
  return addresses;
}

}  // namespace

TEST_CASE("What NOTIFY asks for decides who hears of a result") {
  struct Row {
    const char* notify;
    DeliveryStatus status;
    ipc::Arrival arrival;
    const char* kind;  // of the notification; empty: none
  };
  const Row rows[] = {{"", DeliveryStatus::bounced, ipc::Arrival::delivered, "failure"},
                      {"FAILURE", DeliveryStatus::bounced, ipc::Arrival::delivered, "failure"},
                      {"SUCCESS,FAILURE", DeliveryStatus::bounced, ipc::Arrival::delivered, "failure"},
                      {"delay, failure", DeliveryStatus::bounced, ipc::Arrival::delivered, "failure"},
                      {"NEVER", DeliveryStatus::bounced, ipc::Arrival::delivered, ""},
                      {"SUCCESS", DeliveryStatus::bounced, ipc::Arrival::delivered, ""},
                      {"DELAY", DeliveryStatus::bounced, ipc::Arrival::delivered, ""},
                      {"", DeliveryStatus::sent, ipc::Arrival::delivered, ""},
                      {"SUCCESS", DeliveryStatus::sent, ipc::Arrival::delivered, "success"},
                      {"SUCCESS", DeliveryStatus::sent, ipc::Arrival::relayed, "success"},
                      {"SUCCESS", DeliveryStatus::sent, ipc::Arrival::expanded, "success"},
                      {"SUCCESS", DeliveryStatus::sent, ipc::Arrival::passed_on, ""},
                      {"FAILURE,DELAY", DeliveryStatus::sent, ipc::Arrival::delivered, ""},
                      {"NEVER", DeliveryStatus::sent, ipc::Arrival::delivered, ""}};
  Rig q;
  q.with_bounce();
  q.start();
  std::int64_t id = 0;
  for (const Row& row : rows) {
    CAPTURE(row.notify);
    q.bounce->asked.clear();
    q.agent->arrival = row.arrival;
    q.agent->answers("user1@example.com", row.status);
    Message message = letter(++id);
    message.recipients[0].notify = row.notify;
    q.enqueue(std::move(message));
    wait_for(q.loop, [&] { return q.queued == 0; });
    CHECK(told(q, NotifyKind::failure).size() == (std::string(row.kind) == "failure" ? 1 : 0));
    CHECK(told(q, NotifyKind::success).size() == (std::string(row.kind) == "success" ? 1 : 0));
  }
}

TEST_CASE("What comes back to the sender of double bounces ends there, and others go on") {
  Rig q;
  q.with_bounce();
  q.start();
  Message message = letter(1, 2);
  message.recipients[0].address = "nowhere@example.com";
  q.enqueue(std::move(message));
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked == std::vector<std::string>{"user2@example.com"});
  CHECK(q.bounce->asked.empty());
}

TEST_CASE("A failure is told with all that the agent said, once, and others go on") {
  Rig q;
  q.with_bounce();
  q.agent->answers("user1@example.com", DeliveryStatus::bounced);
  q.agent->answers("user2@example.com", DeliveryStatus::deferred);
  q.start();
  q.enqueue(letter(1, 3));
  wait_for(q.loop, [&] { return q.agent->asked.size() >= 6; });
  REQUIRE(q.bounce->asked.size() == 1);
  const ipc::Notify& notify = q.bounce->asked[0];
  CHECK(notify.sender == "ann@example.org");
  CHECK(notify.content == letter(1).content);
  REQUIRE(notify.recipients.size() == 1);
  CHECK(notify.recipients[0].address == "user1@example.com");
  CHECK(notify.recipients[0].dsn == "5.1.1");
  CHECK(notify.recipients[0].reason == "as told");
  CHECK(notify.recipients[0].status == DeliveryStatus::bounced);
  CHECK(q.notifications == 1);
}

TEST_CASE("A notification is not stored twice when bounce dies after it was stored") {
  Rig q;
  q.with_bounce();
  q.bounce->dies_after = 1;
  q.agent->answers("user1@example.com", DeliveryStatus::bounced);
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.bounce->asked.size() == 1);  // the queue knows what it has stored
  CHECK(q.notifications == 1);
}

TEST_CASE("A message stays until bounce can be asked, and is not delivered again") {
  Rig q;
  q.with_bounce();
  q.bounce->refuses = true;
  q.agent->answers("user1@example.com", DeliveryStatus::bounced);
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.bounce->asked.size() >= 3; });
  CHECK(q.agent->asked.size() == 1);
  q.bounce->refuses = false;
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.notifications == 1);
}

TEST_CASE(
    "A message that is too old is returned after one more attempt; one from the null sender has a limit of "
    "its own") {
  for (const bool null_sender : {false, true}) {
    CAPTURE(null_sender);
    Rig q;
    q.with_bounce();
    (null_sender ? q.limits.bounce_lifetime : q.limits.lifetime) = seconds(60);
    q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
    q.agent->answers("user1@example.com", DeliveryStatus::deferred);
    q.agent->answers("user2@example.com", DeliveryStatus::deferred);
    q.start();
    Message message = letter(1, 2);
    message.arrived -= 61'000'000;
    message.recipients[1].notify = "NEVER";
    if (null_sender) message.sender.clear();
    q.enqueue(std::move(message));
    wait_for(q.loop, [&] { return q.queued == 0; });
    CHECK(q.agent->asked.size() == 2);
    CHECK(told(q, NotifyKind::failure) == std::vector<std::string>{"user1@example.com"});
    CHECK(q.bounce->asked[0].recipients[0].dsn == "4.2.0");
  }
}

TEST_CASE("A message that is to expire is returned at once, without another attempt") {
  Rig q;
  q.with_bounce();
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.agent->answers("user1@example.com", DeliveryStatus::deferred);
  q.start();
  q.enqueue(letter(1));
  q.idle();
  CHECK(q.change(ipc::QueueAction::expire, {1, 77}) == std::vector<std::int64_t>{1});
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked.size() == 1);
  CHECK(told(q, NotifyKind::failure).size() == 1);
}

TEST_CASE("The sender is warned of a delay once, and only where NOTIFY allows it") {
  Rig q;
  q.with_bounce();
  q.limits.delay_warning = seconds(10);
  for (int i = 1; i <= 4; ++i) q.agent->answers(concat("user", i, "@example.com"), DeliveryStatus::deferred);
  q.start();
  Message message = letter(1, 4);
  message.arrived -= 11'000'000;
  message.recipients[1].notify = "NEVER";
  message.recipients[2].notify = "FAILURE";
  message.recipients[3].notify = "FAILURE,DELAY";
  q.enqueue(std::move(message));
  q.enqueue(letter(2));  // young
  wait_for(q.loop, [&] { return q.agent->asked.size() >= 20; });
  CHECK(told(q, NotifyKind::delay) == std::vector<std::string>{"user1@example.com", "user4@example.com"});
  CHECK(q.notifications == 1);
  q.stop();
  q.start();
  const std::size_t before = q.agent->asked.size();
  wait_for(q.loop, [&] { return q.agent->asked.size() >= before + 10; });
  CHECK(q.notifications == 1);
}

TEST_CASE("A probe ends with a report of all results; a recorded letter reports its successes") {
  Rig q;
  q.with_bounce();
  q.agent->answers("user2@example.com", DeliveryStatus::bounced);
  q.agent->answers("user3@example.com", DeliveryStatus::deferred);
  q.start();
  Message probe = letter(1, 3);
  probe.purpose = static_cast<int>(ipc::Purpose::verify);
  probe.recipients[1].notify = "NEVER";
  q.enqueue(std::move(probe));
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked.size() == 3);
  REQUIRE(q.bounce->asked.size() == 1);
  const ipc::Notify& report = q.bounce->asked[0];
  CHECK(report.kind == NotifyKind::success);
  CHECK(report.purpose == ipc::Purpose::verify);
  REQUIRE(report.recipients.size() == 3);
  CHECK(report.recipients[0].status == DeliveryStatus::sent);
  CHECK(report.recipients[1].status == DeliveryStatus::bounced);
  CHECK(report.recipients[2].status == DeliveryStatus::deferred);

  q.bounce->asked.clear();
  q.agent->answers("user3@example.com", DeliveryStatus::sent);
  Message recorded = letter(2, 3);
  recorded.purpose = static_cast<int>(ipc::Purpose::record);
  q.enqueue(std::move(recorded));
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(told(q, NotifyKind::success) == std::vector<std::string>{"user1@example.com", "user3@example.com"});
  CHECK(told(q, NotifyKind::failure) == std::vector<std::string>{"user2@example.com"});
}

TEST_CASE("soft_bounce keeps what was refused, as a temporary failure") {
  Rig q;
  q.with_bounce();
  q.limits.soft_bounce = true;
  q.agent->answers("user1@example.com", DeliveryStatus::bounced);
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.agent->asked.size() >= 3; });
  CHECK(q.bounce->asked.empty());
  q.stop();
  auto database = Database::open(q.directory.database());
  REQUIRE(database);
  const auto due = (*database)->take_due(wall_micros() + kHour, 10);
  REQUIRE(due);
  REQUIRE(due->size() == 1);
  CHECK(due->front()->recipients[0].dsn == "4.1.1");
}

TEST_CASE("A forwarded letter takes the place of a recipient in one commit, once") {
  Rig q;
  q.start();
  q.agent->answers("user1@example.com", DeliveryStatus::deferred);
  q.agent->answers("user2@example.com", DeliveryStatus::deferred);
  q.enqueue(letter(1, 2));
  q.idle();
  queue::Settlement settlement;
  settlement.how = queue::Settlement::How::forwarded;
  settlement.message = 1;
  settlement.recipients = {1};
  const auto forward = [&](std::int64_t id) {
    auto forwarded = std::make_shared<Message>(letter(id));
    forwarded->due = wall_micros() + kHour;
    auto stored = finish(q.loop, q.store->insert(forwarded, settlement));
    REQUIRE(stored);
    q.scheduler->settled(settlement);
    return *stored;
  };
  CHECK(forward(11));
  CHECK_FALSE(forward(12));  // the agent died and did it again
  settlement.recipients = {2};
  CHECK(forward(13));
  wait_for(q.loop, [&] { return q.queued == 0; });  // nothing is left of the first one
  q.stop();
  CHECK(Database::open(q.directory.database()).value()->count().value() == 2);
}
