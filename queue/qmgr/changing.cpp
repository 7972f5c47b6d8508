// What commands change about the queue.
#include "queue/qmgr/scheduler.h"

namespace postern::qmgr {

net::Task<std::vector<std::int64_t>> Scheduler::change(ipc::QueueAction action,
                                                       std::vector<std::int64_t> ids) {
  auto changed = co_await store_.change(action, std::move(ids));
  if (!changed) co_return std::vector<std::int64_t>();
  wake();
  co_return std::move(*changed);
}

void Scheduler::flush(std::string) { wake(); }

}  // namespace postern::qmgr
