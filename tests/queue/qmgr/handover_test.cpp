// One qmgr makes room for another while agents work: nothing is delivered twice, nothing is forgotten.
#include "queue/qmgr/intake.h"
#include "tests/queue/qmgr/rig.h"

using namespace postern;
using namespace postern::qmgr;

namespace {

// The one that leaves, with its own scheduler and connection to the agents; the rig has the successor.
struct Predecessor {
  explicit Predecessor(Rig& of) : q(of) {
    auto database = Database::open(q.directory.database());
    if (!database) FAIL(database.error().text);
    store.emplace(q.loop, std::move(*database), 0, q.trouble);
    spools.emplace(q.loop, q.directory.spool(), 0, q.trouble);
    Limits limits = q.limits;
    limits.successor = "private/successor";
    scheduler.emplace(q.loop, *store, *spools, q.world(), limits);
    scheduler->start();
  }
  void enqueue(Message message) {
    auto shared = std::make_shared<Message>(std::move(message));
    REQUIRE(scheduler->reserve());
    REQUIRE(finish(q.loop, store->insert(shared, {})));
    scheduler->stored(shared);
  }
  void leave() {
    scheduler->rest();
    const auto body = [](Predecessor& of) -> net::Task<void> {
      co_await of.scheduler->hand_over();
      of.has_left = true;
    };
    leaving.emplace(q.loop);
    leaving->spawn(body(*this));
  }
  Rig& q;
  bool has_left = false;
  std::optional<Store> store;
  std::optional<Spools> spools;
  std::optional<Scheduler> scheduler;
  std::optional<net::Scope> leaving;
};

// The successor's socket.
class Successor : public FakeService {
 public:
  explicit Successor(Rig& of) : FakeService(of.loop, "private/successor"), q_(of) {
    handlers_.on<ipc::ReportCall>([this](ipc::Report told) -> net::Task<ipc::Reported> {
      ++reports;
      return q_.scheduler->reported(std::move(told));
    });
  }
  int reports = 0;

 private:
  Rig& q_;
};

// Files of holders that are left.
std::size_t holders() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("queue"))
    count += entry.path().filename().string().starts_with("holder.") ? 1 : 0;
  return count;
}

void open_successor(Rig& q) {
  const Deadline limit = q.loop.in(seconds(5));
  for (;;) {
    auto database = Database::open(q.directory.database(), milliseconds(1));
    if (database) break;
    REQUIRE(q.loop.now() < limit);
    q.loop.turn(net::Loop::Wait::no);
  }
  q.start();
}

}  // namespace

TEST_CASE("What agents have in hand is not delivered again by a successor, which learns the results") {
  Rig q;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.with_bounce();
  q.agent->hold();
  q.agent->answers("user2@example.com", DeliveryStatus::deferred);
  q.agent->answers("user3@example.com", DeliveryStatus::bounced);
  Predecessor before(q);
  before.enqueue(letter(1));
  before.enqueue(letter(2, 2));  // one is deferred
  Message refused = letter(4);
  refused.recipients[0].address = "user3@example.com";
  before.enqueue(std::move(refused));
  wait_for(q.loop, [&] { return q.agent->at_once == 3; });
  before.leave();
  open_successor(q);
  Successor successor(q);

  // New mail goes on meanwhile.
  Message other = letter(3);
  other.recipients[0].address = "user@other.example";
  q.enqueue(std::move(other));
  wait_for(q.loop, [&] { return q.agent->was_asked("user@other.example"); });
  CHECK(q.agent->asked.size() == 5);
  CHECK_FALSE(before.has_left);

  q.agent->let_go();
  wait_for(q.loop, [&] { return before.has_left && q.queued == 1; });
  q.idle();
  CHECK(successor.reports == 3);
  CHECK(q.agent->asked.size() == 5);
  REQUIRE(q.bounce->asked.size() == 1);
  CHECK(q.bounce->asked[0].recipients[0].address == "user3@example.com");
  CHECK(holders() == 0);
}

TEST_CASE("A second successor waits for the first holder too") {
  Rig q;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.agent->hold();
  Predecessor before(q);
  before.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.agent->at_once == 1; });
  before.leave();
  open_successor(q);
  q.stop();
  q.start();  // it was killed
  Successor successor(q);
  q.agent->let_go();
  wait_for(q.loop, [&] { return before.has_left && q.queued == 0; });
  CHECK(q.agent->asked.size() == 1);
}

TEST_CASE("When the holder is killed its messages are due") {
  Rig q;
  q.agent->hold();
  std::optional<Predecessor> before(q);
  before->enqueue(letter(1));
  wait_for(q.loop, [&] { return q.agent->at_once == 1; });
  before->leave();
  open_successor(q);
  CHECK(holders() == 1);
  before->leaving.reset();
  before.reset();
  q.agent->let_go();
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked.size() == 2);
  CHECK(holders() == 0);
}

TEST_CASE("A message that is removed while it is leased is gone, whatever is reported") {
  Rig q;
  q.agent->hold();
  q.agent->answers("user1@example.com", DeliveryStatus::deferred);
  Predecessor before(q);
  before.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.agent->at_once == 1; });
  before.leave();
  open_successor(q);
  Successor successor(q);
  CHECK(q.change(ipc::QueueAction::remove, {1}) == std::vector<std::int64_t>{1});
  q.agent->let_go();
  wait_for(q.loop, [&] { return before.has_left; });
  CHECK(q.queued == 0);
  q.stop();
  CHECK(Database::open(q.directory.database()).value()->count().value() == 0);
}

TEST_CASE("What was in line when a qmgr left is for the successor") {
  Rig q;
  q.transport.at_once = 1;
  q.agent->hold();
  Predecessor before(q);
  for (int i = 1; i <= 5; ++i) before.enqueue(letter(i));
  wait_for(q.loop, [&] { return q.agent->at_once == 1; });
  before.leave();
  open_successor(q);
  const Successor successor(q);
  wait_for(q.loop, [&] { return q.agent->at_once == 2; });
  q.agent->let_go();
  wait_for(q.loop, [&] { return before.has_left && q.queued == 0; });
  CHECK(q.agent->asked.size() == 5);
}
