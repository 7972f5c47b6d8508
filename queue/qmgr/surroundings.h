// What the scheduler asks of the world around it, and its limits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/net/task.h"
#include "queue/qmgr/transport.h"

namespace postern::qmgr {

// Where mail for an address goes.
struct NextStep {
  std::string transport;
  std::string nexthop;
  std::string recipient;      // the address as the agent gets it
  bool goes_nowhere = false;  // double_bounce_sender of ours: what comes back to it ends here
};

struct Surroundings {
  // An address, and the sender of its message.
  std::function<net::Task<Result<NextStep>>(std::string, std::string)> resolve;
  std::function<TransportLimits(const std::string&)> limits;  // of a transport
  std::function<std::string(std::int64_t)> id_text;           // a queue id as the log shows it
  std::function<void()> closed = [] {};                       // the database is free for our successor
  std::function<void(std::int64_t)> queued;  // the number of messages in the queue has changed by this
};

struct Limits {
  microseconds lifetime;
  microseconds bounce_lifetime;
  microseconds least_backoff;
  microseconds most_backoff;
  std::size_t active_messages;
  seconds answer{3600};            // for another program to answer a question
  seconds delivery{3600};          // for an agent to answer for the recipients of one request
  std::size_t recipients = 20000;  // in memory
  microseconds delay_warning{0};   // 0: never
  microseconds transport_retry{60000000};
  seconds look{300};  // the longest time between looks for mail that is due
  bool soft_bounce = false;
  std::string filter_nexthop;             // of a filter that names none; empty: the recipient's domain
  std::string successor = "public/qmgr";  // the socket of this service
};

}  // namespace postern::qmgr
