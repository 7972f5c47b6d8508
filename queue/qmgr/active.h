// A message that is being worked on, and the part of its recipients that is in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/queue/message.h"

namespace postern::qmgr {

using queue::Message;
using queue::MessagePtr;
using queue::Recipient;
using queue::RecipientState;

struct Active {
  MessagePtr message;
  std::size_t slices = 0;        // that have not ended
  std::int64_t last_number = 0;  // recipients behind this one are in the database only
  bool reading = false;          // the next slice is being read
  bool sliced = false;           // there was more than one: what remains is in the database
  std::size_t in_hand = 0;       // deliveries that agents work on
  bool insistent = false;        // flushed: dead destinations are tried
  bool attempted = false;        // some recipient had its chance, or was refused one

  // What commands asked for meanwhile.
  bool removed = false;
  bool requeued = false;
  bool soon = false;  // due at once, should anything remain
  bool stops() const { return removed || requeued || message->held || message->forced_expire; }

  std::vector<Recipient> kept;  // results for our successor
};
using ActivePtr = std::shared_ptr<Active>;

// Some recipients of a message, following each other by number.
struct Slice {
  ActivePtr active;
  std::vector<Recipient> recipients;
  std::size_t open = 0;  // deliveries that have not ended

  Message& message() const { return *active->message; }
  // Null when it has none of that number.
  Recipient* find(std::int64_t number);
};
using SlicePtr = std::shared_ptr<Slice>;

// One request to an agent: some recipients of one slice with the same next hop.
struct Delivery {
  SlicePtr slice;
  std::string nexthop;
  std::vector<std::uint32_t> recipients;  // places in the slice
};

}  // namespace postern::qmgr
