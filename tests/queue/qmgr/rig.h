// A scheduler with its queue, and a delivery agent and a bounce service that answer as told.
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "lib/ipc/server.h"
#include "lib/net/socket.h"
#include "tests/queue/qmgr/fixture.h"

namespace postern::qmgr {

using ipc::DeliveryStatus;

// Serves the connections to a socket.
class FakeService {
 public:
  FakeService(net::Loop& loop, const std::string& path) : loop_(loop), scope_(loop) {
    auto listener = net::listen_on(*net::Endpoint::unix_path(path), 10);
    REQUIRE(listener);
    listener_ = std::move(*listener);
    scope_.spawn(accept());
  }
  // Every peer finds its connection broken.
  void break_off() {
    for (const int fd : peers_) ::shutdown(fd, SHUT_RDWR);
  }

 protected:
  net::Loop& loop_;
  ipc::Handlers handlers_;

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
    const int number = fd.get();
    peers_.insert(number);
    co_await ipc::serve(loop_, std::move(fd), handlers_);
    peers_.erase(number);
  }
  Fd listener_;
  std::set<int> peers_;

 protected:
  net::Scope scope_;
};

// A delivery agent that answers as told, by recipient address, and remembers what it was asked.
class FakeAgent : public FakeService {
 public:
  FakeAgent(net::Loop& loop, const std::string& path) : FakeService(loop, path), changed_(loop) {
    handlers_.on<ipc::DeliverCall>([this](ipc::Deliver question) { return deliver(std::move(question)); });
  }
  void answers(const std::string& address, DeliveryStatus status) { status_[address] = status; }
  // Every delivery to this next hop fails as a whole, or no longer does.
  void site_fails(const std::string& nexthop, bool fails = true) {
    if (fails) {
      failing_.insert(nexthop);
    } else {
      failing_.erase(nexthop);
    }
  }
  void hold() { held_ = true; }
  // Answers for next hops that begin so, when let_go() is said.
  void hold_sites(const std::string& prefix) {
    held_ = true;
    held_sites_ = prefix;
  }
  void let_go() {
    held_ = false;
    changed_.notify();
  }
  bool was_asked(const std::string& address) const {
    return std::find(asked.begin(), asked.end(), address) != asked.end();
  }

  std::vector<std::string> asked;  // recipients, in order
  std::vector<std::int64_t> ids;   // of the messages, by request
  std::vector<std::string> nexthops;
  std::vector<std::size_t> batches;
  std::string content;
  ipc::Arrival arrival = ipc::Arrival::delivered;
  int at_once = 0;
  int most_at_once = 0;
  int dies = 0;  // requests that it answers by closing the connection

 private:
  net::Task<ipc::Delivered> deliver(ipc::Deliver question) {
    if (dies > 0) {
      --dies;
      break_off();
    }
    most_at_once = std::max(most_at_once, ++at_once);
    content = question.content;
    batches.push_back(question.recipients.size());
    ids.push_back(question.queue_id);
    nexthops.push_back(question.nexthop);
    for (const ipc::DeliverTo& to : question.recipients) asked.push_back(to.address);
    co_await net::sleep_until(loop_, loop_.in(milliseconds(2)));
    while (held_ && question.nexthop.starts_with(held_sites_)) {
      const bool changed = co_await changed_.wait(Deadline::max());
      if (!changed) continue;
    }
    --at_once;
    co_return answer_to(question);
  }
  ipc::Delivered answer_to(const ipc::Deliver& question) {
    ipc::Delivered answer;
    const bool failing = failing_.contains(question.nexthop);
    if (failing) {
      answer.site_dsn = "4.4.1";
      answer.site_text = "connect to host: Connection refused";
    }
    for (const ipc::DeliverTo& to : question.recipients) {
      ipc::DeliveryResult& result = answer.results.emplace_back();
      result.number = to.number;
      result.status = status_.contains(to.address) ? status_[to.address] : DeliveryStatus::sent;
      if (failing) result.status = DeliveryStatus::deferred;
      result.dsn = result.status == DeliveryStatus::sent       ? "2.0.0"
                   : result.status == DeliveryStatus::deferred ? "4.2.0"
                                                               : "5.1.1";
      result.text = "as told";
      result.arrival = arrival;
    }
    return answer;
  }

  std::map<std::string, DeliveryStatus> status_;
  std::set<std::string> failing_;
  bool held_ = false;
  std::string held_sites_;
  net::Event changed_;
};

// A bounce service: remembers what it was asked, and stores a notification that settles it, as the real one does.
class FakeBounce : public FakeService {
 public:
  FakeBounce(net::Loop& loop, const std::string& path) : FakeService(loop, path) {
    handlers_.on<ipc::NotifyCall>([this](ipc::Notify question) { return notify(std::move(question)); });
  }
  std::function<net::Task<Result<bool>>(queue::Settlement)> store;
  std::vector<ipc::Notify> asked;
  bool refuses = false;
  int dies_after = 0;  // questions whose notification is stored, and that are not answered

 private:
  net::Task<ipc::Outcome> notify(ipc::Notify question) {
    ipc::Outcome answer;
    queue::Settlement settlement;
    settlement.message = question.queue_id;
    using How = queue::Settlement::How;
    settlement.how = question.kind == ipc::NotifyKind::failure   ? How::failure
                     : question.kind == ipc::NotifyKind::success ? How::success
                                                                 : How::delay;
    for (const ipc::NotifyOf& of : question.recipients) settlement.recipients.push_back(of.number);
    asked.push_back(std::move(question));
    if (refuses) co_return answer;
    auto stored = co_await store(settlement);
    if (dies_after > 0) {
      --dies_after;
      break_off();
    }
    answer.code = stored ? 250 : 451;
    co_return answer;
  }
};

struct Rig {
  Rig() {
    previous = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    agent.emplace(loop, "private/fake");
  }
  ~Rig() {
    stop();
    std::filesystem::current_path(previous);
  }

  void start() {
    auto database = Database::open(directory.database());
    if (!database) FAIL(database.error().text);
    store.emplace(loop, std::move(*database), 0, trouble);
    spools.emplace(loop, directory.spool(), 0, trouble);
    scheduler.emplace(loop, *store, *spools, world(), limits);
    scheduler->start();
  }
  void stop() {
    scheduler.reset();
    spools.reset();
    store.reset();
  }
  Surroundings world() {
    Surroundings of;
    of.resolve = [](std::string address, std::string) -> net::Task<Result<NextStep>> {
      NextStep next;
      next.transport = "fake";
      next.nexthop = address.substr(address.find('@') + 1);
      next.goes_nowhere = address.starts_with("nowhere@");
      next.recipient = std::move(address);
      co_return next;
    };
    of.limits = [this](const std::string&) { return transport; };
    of.id_text = [](std::int64_t id) { return concat("ID", id); };
    of.queued = [this](std::int64_t by) { queued += by; };
    return of;
  }
  void with_bounce() {
    bounce.emplace(loop, "private/bounce");
    bounce->store = [this](queue::Settlement settlement) -> net::Task<Result<bool>> {
      auto notification = std::make_shared<Message>(letter(next_notification++));
      notification->sender.clear();
      notification->due = wall_micros() + 3'600'000'000;  // it stays where it can be counted
      auto stored = co_await store->insert(notification, settlement);
      if (stored && *stored) ++notifications;
      if (stored) scheduler->settled(settlement);
      co_return stored;
    };
  }
  void enqueue(Message message) {
    auto shared = std::make_shared<Message>(std::move(message));
    if (shared->held || !scheduler->reserve()) shared->due = wall_micros();
    auto stored = finish(loop, store->insert(shared, {}));
    REQUIRE(stored);
    REQUIRE(*stored);
    scheduler->stored(shared);
  }
  std::vector<std::int64_t> change(ipc::QueueAction action, std::vector<std::int64_t> ids) {
    return finish(loop, scheduler->change(action, std::move(ids)));
  }
  void idle() {
    wait_for(loop, [&] { return scheduler->active() == 0; });
  }

  Directory directory;
  std::filesystem::path previous;
  net::Loop loop;
  Trouble trouble;
  Limits limits = small_limits();
  TransportLimits transport;
  std::int64_t queued = 0;
  std::int64_t next_notification = 1'000'000;
  int notifications = 0;
  std::optional<FakeAgent> agent;
  std::optional<FakeBounce> bounce;
  std::optional<Store> store;
  std::optional<Spools> spools;
  std::optional<Scheduler> scheduler;

 private:
  static Limits small_limits() {
    Limits of{};
    of.lifetime = of.bounce_lifetime = seconds(100);
    of.least_backoff = milliseconds(30);
    of.most_backoff = milliseconds(60);
    of.active_messages = 100;
    return of;
  }
};

}  // namespace postern::qmgr
