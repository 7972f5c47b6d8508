// The answers to lib/ipc/messages/queue.h out of a queue database, within the transaction that is open.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/ipc/messages/queue.h"
#include "lib/queue/database.h"
#include "lib/queue/listing.h"

namespace postern::desk {

// Messages and queue ids of one question.
constexpr std::size_t kMostOnPage = 1000;

// A page of the queue. `now`, in wall microseconds, is what ages count from. What is wrong with the question, or with the
// database, is said in the answer.
ipc::QueuePage list(queue::Database& database, const ipc::ListQueue& question, std::int64_t now);

// One message with its content; not its spool file, which `spooled` says that it has.
struct Reading {
  ipc::MessageRead answer;
  bool spooled = false;
};
Reading read(queue::Database& database, const ipc::ReadMessage& question);

// The messages of one page of a change: those named, or those that fit. Fails with invalid for a condition that is none.
Result<queue::IdPage> to_change(queue::Database& database, const ipc::ChangeQueue& question,
                                std::int64_t now);

// Does this to each message. Gives those that were changed, and those of them that leave a spool file. Fails with io and
// full; the transaction is then to be undone.
struct Changed {
  std::vector<std::int64_t> ids, spooled;
};
Result<Changed> change(queue::Database& database, ipc::QueueAction action,
                       const std::vector<std::int64_t>& ids);

}  // namespace postern::desk
