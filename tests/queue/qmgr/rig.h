// A scheduler with its queue, a delivery agent and a bounce service.
#pragma once

#include "tests/queue/qmgr/fake_agents.h"

namespace postern::qmgr {

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
