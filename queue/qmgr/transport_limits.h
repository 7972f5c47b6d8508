// What the configuration says of a transport.
#pragma once

#include "lib/base/time.h"
#include "queue/qmgr/window.h"

namespace postern::qmgr {

struct TransportLimits {
  int at_once =
      100;  // deliveries at a time: to destinations whose pace is not known, and as many to brisk ones
  int slow_at_once = 0;  // as many more that last, and that wait for nothing of ours; 0: all count alike
  Duration patience = seconds(5);        // after this time a delivery is one that lasts
  Duration least_patience = seconds(1);  // where many wait it gives its place sooner, but no sooner than this
  int recipients = 50;                   // of one delivery; 0: no limit
  bool mailboxes = false;                // it delivers on this host: a destination is a mailbox, not a domain
  bool deferred = false;                 // it delivers only when asked to
  WindowRules window;
  Duration destination_delay{};  // between deliveries to one destination; they are then one at a time
  Duration transport_delay{};    // the same for the transport
};

}  // namespace postern::qmgr
