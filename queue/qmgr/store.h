// The queue database as the coroutines of qmgr see it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "lib/net/task.h"
#include "lib/net/wait.h"
#include "queue/qmgr/writer.h"

namespace postern::qmgr {

class Store {
 public:
  // At least `reserve` bytes of the disk stay free for results.
  Store(net::Loop& loop, std::unique_ptr<Database> database, std::int64_t reserve)
      : loop_(loop), reserve_(reserve), writer_(loop, std::move(database)) {}

  // Returns when the message is on disk. Fails with full, exists or io.
  net::Task<Result<void>> insert(MessagePtr message);
  // Applies a change; while that is impossible (a full disk) it tries again every second.
  net::Task<void> record(Change change);
  // As in Database.
  net::Task<Result<std::vector<MessagePtr>>> take_due(std::int64_t now, std::size_t limit);
  net::Task<Result<std::int64_t>> next_due();
  net::Task<Result<std::string>> content(std::int64_t message);

  std::uint64_t commits() const { return writer_.commits(); }

 private:
  template <class T>
  net::Task<Result<T>> run(Job::Kind kind, std::function<Result<T>(Database&)> work);
  void note(const Result<void>& result);

  net::Loop& loop_;
  std::int64_t reserve_;
  bool out_of_order_ = false;  // said in the log once, until it works again
  Writer writer_;
};

}  // namespace postern::qmgr
