// A delivery transport: the connection to its agents, and what waits for each of its destinations.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "lib/ipc/client.h"
#include "queue/qmgr/message.h"

namespace postern::qmgr {

// One request to an agent: some recipients of one message with the same next hop.
struct Delivery {
  MessagePtr message;
  std::string nexthop;
  std::vector<std::size_t> recipients;  // places in the message's list
  std::string destination;              // the key of its Destination
};

// Where deliveries of one transport go: a next hop, or one recipient where the transport takes one at a time.
struct Destination {
  std::deque<Delivery> waiting;
  int under_way = 0;
};

struct Transport {
  Transport(net::Loop& loop, const std::string& name, int concurrency_, int recipients_)
      : agent(loop, "private/" + name), concurrency(concurrency_), recipients(recipients_) {}
  ipc::Client agent;
  int concurrency;  // deliveries to one destination at a time
  int recipients;   // of one delivery
  std::map<std::string, Destination, std::less<>> destinations;
};

}  // namespace postern::qmgr
