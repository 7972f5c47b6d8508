// What is recorded about messages of the queue.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/queue/message.h"

namespace postern::queue {

// What became of a message: one statement of the crash rules, applied in one transaction.
struct Change {
  std::int64_t message = 0;
  bool finished = false;              // every recipient has a final result: the message goes
  std::vector<std::int64_t> settled;  // recipients with a final result
  std::vector<Recipient> remaining;   // new state and reason of others
  std::int64_t due = 0;               // wall microseconds of the next attempt; 0: the message stays active
  int attempts = 0;
  bool warned = false;   // its sender knows that it is late
  bool durable = false;  // on the disk before it is reported: what the queue leans on goes next
};

// What the commit that stores a message records about another one; as ipc::Settles.
struct Settlement {
  enum class How { nothing, failure, success, delay, forwarded };
  How how = How::nothing;
  std::int64_t message = 0;
  std::vector<std::int64_t> recipients;  // by number
};

}  // namespace postern::queue
