// Legitimate senders: each has one message, behaves as the RFCs say, and tries again after a temporary refusal.
#pragma once

#include <functional>

#include "bench/botnet/call.h"
#include "bench/botnet/plan.h"

namespace postern::botnet {

struct Delivery {
  bool delivered = false;
  bool refused = false;  // for good, at some attempt
  unsigned attempts = 0;
  Duration time{};  // from the first connection to the acceptance
  Duration
      greeting_late{};  // in the attempt that succeeded: the greeting, after the wait that is due to a new client
  Duration rcpt_reply{};  // there too: from RCPT, or DATA if pipelined, to its reply
};

// Sends the message of a caller; tells of each connection.
net::Task<Delivery> send_message(net::Loop& loop, const Options& options, Caller caller,
                                 std::function<void(const Visit&)> tell);

}  // namespace postern::botnet
