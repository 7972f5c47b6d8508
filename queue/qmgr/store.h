// The queue database as the coroutines of qmgr see it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "lib/ipc/messages/queue.h"
#include "lib/net/task.h"
#include "lib/net/wait.h"
#include "queue/qmgr/trouble.h"
#include "queue/qmgr/writer.h"

namespace postern::qmgr {

class Store {
 public:
  // At least `reserve` bytes of the disk stay free for results. `trouble` outlives the store.
  Store(net::Loop& loop, std::unique_ptr<Database> database, std::int64_t reserve, Trouble& trouble)
      : loop_(loop), reserve_(reserve), trouble_(trouble), writer_(loop, std::move(database)) {}

  // Returns when the message is on disk. Fails with full, exists or io.
  net::Task<Result<void>> insert(MessagePtr message);
  // Applies a change; while that is impossible (a full disk) it tries again every second.
  net::Task<void> record(Change change);
  // Does this to each message, durably; gives those that were changed. Fails when the queue cannot be written.
  net::Task<Result<std::vector<std::int64_t>>> change(ipc::QueueAction action, std::vector<std::int64_t> ids);
  // As in Database.
  net::Task<Result<bool>> is_taken(std::int64_t message);
  net::Task<void> forget_taken(std::vector<std::int64_t> messages);
  net::Task<Result<std::vector<MessagePtr>>> take_due(std::int64_t now, std::size_t limit);
  net::Task<Result<std::int64_t>> next_due();
  net::Task<Result<std::string>> content(std::int64_t message);

 private:
  template <class T>
  net::Task<Result<T>> run(Job::Kind kind, std::function<Result<T>(Database&)> work);

  net::Loop& loop_;
  std::int64_t reserve_;
  Trouble& trouble_;
  Writer writer_;
};

}  // namespace postern::qmgr
