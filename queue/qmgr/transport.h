// A delivery transport: the connection to its agents, and what waits for each of its destinations.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "lib/ipc/client.h"
#include "lib/queue/message.h"

namespace postern::qmgr {

using queue::MessagePtr;

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
  bool is_ready = false;  // on the transport's list
};

struct TransportLimits {
  int at_once = 100;       // deliveries at a time
  int concurrency = 20;    // of one destination; 0: no limit of its own
  int recipients = 50;     // of one delivery; 0: no limit
  bool mailboxes = false;  // it delivers on this host: a destination is a mailbox, not a domain
};

struct Transport {
  Transport(net::Loop& loop, const std::string& name, TransportLimits of)
      : agent(loop, "private/" + name), limits(of) {}
  ipc::Client agent;
  TransportLimits limits;
  int under_way = 0;
  std::map<std::string, Destination, std::less<>> destinations;
  std::deque<std::string> ready;  // destinations that have something to deliver and may, each in its turn
};

}  // namespace postern::qmgr
