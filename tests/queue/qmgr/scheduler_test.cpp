#include "queue/qmgr/scheduler.h"

#include <map>

#include "lib/ipc/server.h"
#include "lib/net/socket.h"
#include "tests/queue/qmgr/fixture.h"

using namespace postern;
using namespace postern::qmgr;
using ipc::DeliveryStatus;

namespace {

// A delivery agent that answers as told, by recipient address, and remembers what it was asked.
class FakeAgent {
 public:
  FakeAgent(net::Loop& loop, const std::string& path) : loop_(loop), scope_(loop) {
    auto listener = net::listen_on(*net::Endpoint::unix_path(path), 10);
    REQUIRE(listener);
    listener_ = std::move(*listener);
    handlers_.on<ipc::DeliverCall>([this](ipc::Deliver question) { return deliver(std::move(question)); });
    scope_.spawn(accept());
  }
  void answers(const std::string& address, DeliveryStatus status) { status_[address] = status; }

  std::vector<std::string> asked;  // recipients, in order
  std::vector<std::size_t> batches;
  std::string content;
  int at_once = 0;
  int most_at_once = 0;
  int dies = 0;  // requests that it answers by closing the connection

 private:
  net::Task<void> accept() {
    net::Readiness readiness(loop_, listener_.get());
    for (;;) {
      auto accepted = net::accept_from(listener_.get());
      if (accepted) {
        scope_.spawn(connection(std::move(accepted->fd)));
        continue;
      }
      const bool ready = co_await readiness.readable(Deadline::max());
      if (!ready) co_return;
    }
  }
  net::Task<void> connection(Fd fd) {
    fd_ = fd.get();
    co_await ipc::serve(loop_, std::move(fd), handlers_);
  }
  net::Task<ipc::Delivered> deliver(ipc::Deliver question) {
    if (dies > 0) {
      --dies;
      ::shutdown(fd_, SHUT_RDWR);
    }
    most_at_once = std::max(most_at_once, ++at_once);
    co_await net::sleep_until(loop_, loop_.in(milliseconds(2)));
    --at_once;
    content = question.content;
    batches.push_back(question.recipients.size());
    ipc::Delivered answer;
    for (const ipc::DeliverTo& to : question.recipients) {
      asked.push_back(to.address);
      ipc::DeliveryResult& result = answer.results.emplace_back();
      result.number = to.number;
      result.status = status_.contains(to.address) ? status_[to.address] : DeliveryStatus::sent;
      result.dsn = "2.0.0";
      result.text = "as told";
    }
    co_return answer;
  }

  net::Loop& loop_;
  Fd listener_;
  int fd_ = -1;
  ipc::Handlers handlers_;
  std::map<std::string, DeliveryStatus> status_;
  net::Scope scope_;
};

struct Qmgr {
  Qmgr() {
    previous = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    agent.emplace(loop, "private/fake");
  }
  ~Qmgr() { std::filesystem::current_path(previous); }

  void start() {
    auto database = Database::open(directory.database());
    if (!database) FAIL(database.error().text);
    store.emplace(loop, std::move(*database), 0, trouble);
    spools.emplace(loop, directory.spool(), 0, trouble);
    Surroundings world;
    world.resolve = [](std::string address, std::string) -> net::Task<Result<NextStep>> {
      NextStep next;
      next.transport = "fake";
      next.nexthop = address.substr(address.find('@') + 1);
      next.recipient = std::move(address);
      co_return next;
    };
    world.limits = [this](const std::string&) {
      TransportLimits of;
      of.concurrency = concurrency;
      of.recipients = recipients;
      return of;
    };
    world.id_text = [](std::int64_t id) { return concat("ID", id); };
    world.queued = [this](std::int64_t by) { queued += by; };
    scheduler.emplace(loop, *store, *spools, std::move(world), limits);
    scheduler->start();
  }
  void stop() {
    scheduler.reset();
    spools.reset();
    store.reset();
  }
  void enqueue(Message message) {
    auto shared = std::make_shared<Message>(std::move(message));
    if (!scheduler->reserve()) shared->due = wall_micros();
    auto stored = finish(loop, store->insert(shared));
    REQUIRE(stored);
    scheduler->stored(shared);
  }

  Directory directory;
  std::filesystem::path previous;
  net::Loop loop;
  Trouble trouble;
  Limits limits{seconds(100), seconds(100), milliseconds(30), milliseconds(60), 100};
  int concurrency = 20;
  int recipients = 50;
  std::int64_t queued = 0;
  std::optional<FakeAgent> agent;
  std::optional<Store> store;
  std::optional<Spools> spools;
  std::optional<Scheduler> scheduler;
};

}  // namespace

TEST_CASE("A message is delivered with its content and leaves the queue") {
  Qmgr q;
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked == std::vector<std::string>{"user1@example.com"});
  CHECK(q.agent->content == letter(1).content);
  q.stop();
  CHECK(Database::open(q.directory.database()).value()->count().value() == 0);
}

TEST_CASE("A deferred recipient is tried again, and only that one") {
  Qmgr q;
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
  Qmgr q;
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
  Qmgr q;
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
  Qmgr q;
  q.recipients = 4;
  q.start();
  q.enqueue(letter(1, 10));
  wait_for(q.loop, [&] { return q.queued == 0; });
  std::sort(q.agent->batches.begin(), q.agent->batches.end());
  CHECK(q.agent->batches == std::vector<std::size_t>{2, 4, 4});
}

TEST_CASE("No more deliveries to one destination are under way than its limit") {
  Qmgr q;
  q.concurrency = 3;
  q.start();
  for (int i = 1; i <= 20; ++i) q.enqueue(letter(i));
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->most_at_once <= 3);
  CHECK(q.agent->asked.size() == 20);
}

TEST_CASE("An agent that dies in mid-delivery is asked again") {
  Qmgr q;
  q.agent->dies = 2;
  q.limits.least_backoff = q.limits.most_backoff = std::chrono::hours(1);
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("More messages than may be active wait in the database and come when there is room") {
  Qmgr q;
  q.limits.active_messages = 5;
  q.concurrency = 1;
  q.start();
  for (int i = 1; i <= 40; ++i) {
    q.enqueue(letter(i));
    CHECK(q.scheduler->active() <= 5);
  }
  wait_for(q.loop, [&] { return q.queued == 0; });
  CHECK(q.agent->asked.size() == 40);
}

TEST_CASE("A failure stays in the queue while the sender cannot be told") {
  Qmgr q;
  q.agent->answers("user1@example.com", DeliveryStatus::bounced);
  q.start();
  q.enqueue(letter(1));
  wait_for(q.loop, [&] { return q.agent->asked.size() == 1 && q.scheduler->active() == 0; });
  CHECK(q.queued == 1);
  wait_for(q.loop, [&] { return q.scheduler->active() == 0; });
  CHECK(q.agent->asked.size() == 1);  // it is not delivered again
}

TEST_CASE("A failure of mail from the null sender ends there") {
  Qmgr q;
  q.agent->answers("user1@example.com", DeliveryStatus::bounced);
  q.start();
  Message message = letter(1);
  message.sender.clear();
  q.enqueue(std::move(message));
  wait_for(q.loop, [&] { return q.queued == 0; });
}

TEST_CASE("Nothing is left when the scheduler is destroyed at any moment") {
  for (int turns = 0; turns < 30; ++turns) {
    Qmgr q;
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
