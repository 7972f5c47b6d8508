// What commands change about the queue.
#include <limits>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

namespace {

constexpr std::size_t kSitePage = 500;  // messages of a site that are made due in one go
constexpr std::size_t kMostInsistent = 100'000;

}  // namespace

net::Task<std::vector<std::int64_t>> Scheduler::change(ipc::QueueAction action,
                                                       std::vector<std::int64_t> ids) {
  if (action == ipc::QueueAction::flush) {
    revive_all();
    insist(ids);
  }
  auto changed = co_await store_.change(action, std::move(ids));
  if (!changed) co_return std::vector<std::int64_t>();
  const std::vector<std::int64_t> done = changed->ids;
  for (const std::int64_t id : done) {
    const auto place = messages_.find(id);
    if (place != messages_.end()) {
      const ActivePtr active = place->second;
      change_active(*active, action);
    } else if (action == ipc::QueueAction::remove) {
      log_info(concat(surroundings_.id_text(id), ": removed"));
      surroundings_.queued(-1);
    }
  }
  for (const std::int64_t id : changed->spooled) {
    if (!messages_.contains(id)) spools_.remove(id);
  }
  if (!done.empty() && action != ipc::QueueAction::remove) wake();
  co_return done;
}

void Scheduler::change_active(Active& active, ipc::QueueAction action) {
  Message& m = *active.message;
  switch (action) {
    case ipc::QueueAction::flush: return;  // it is on its way
    case ipc::QueueAction::release:
      m.held = false;
      active.soon = true;
      return;
    case ipc::QueueAction::remove: active.removed = true; break;
    case ipc::QueueAction::hold: m.held = true; break;
    case ipc::QueueAction::expire: m.forced_expire = true; break;
    case ipc::QueueAction::requeue:
      m.held = false;
      active.requeued = true;
      break;
  }
  stop_waiting(active);
}

// What has not begun does not begin.
void Scheduler::stop_waiting(Active& active) {
  const std::int64_t id = active.message->id;
  for (auto& [name, transport] : transports_) {
    for (const Delivery& delivery : transport->take_waiting(id)) part_ended(delivery.slice);
  }
}

void Scheduler::revive_all() {
  for (auto& [name, transport] : transports_) {
    transport->dead.reset();
    transport->sweep(Instant::max());
    start_next(*transport);
  }
}

void Scheduler::insist(const std::vector<std::int64_t>& ids) {
  for (const std::int64_t id : ids) {
    if (insistent_.size() < kMostInsistent) insistent_.insert(id);
  }
}

void Scheduler::flush(std::string site) {
  revive_all();
  if (!site.empty()) {
    scope_.spawn(flush_site(lower(site)));
    return;
  }
  flushed_ = 0;
  flush_last_ = std::numeric_limits<std::int64_t>::max();
  changed_.notify();
}

net::Task<void> Scheduler::flush_site(std::string site) {
  using Ids = std::vector<std::int64_t>;
  std::int64_t after = 0;
  while (!resting_) {
    std::function<Result<Ids>(Database&)> work = [site, after](Database& database) {
      auto found = database.of_site(site, after, kSitePage);
      if (!found) return found;
      for (const std::int64_t id : *found) {
        auto due = database.hurry(id);
        if (!due) return Result<Ids>(fail(due.error()));
      }
      return found;
    };
    auto found = co_await store_.run<Ids>(Job::Kind::prompt, std::move(work));
    if (!found) {
      log_warning(found.error().text);
      co_return;
    }
    if (found->empty()) co_return;
    insist(*found);
    wake();
    after = found->back();
  }
}

}  // namespace postern::qmgr
