// What the visits of a process share.
#pragma once

#include <functional>

#include "lib/net/loop.h"
#include "screen/cache.h"
#include "screen/clients.h"
#include "screen/counters.h"
#include "screen/dns_lists.h"
#include "screen/handover.h"
#include "screen/load.h"
#include "screen/setup.h"

namespace postern::screen {

struct Shared {
  net::Loop& loop;
  Setup& setup;
  Cache& cache;
  DnsLists& lists;
  Handover& handover;
  Counters& counters;
  Clients& clients;
  Load& load;
  // Stress has begun or ended.
  std::function<void(bool)> stress_changed = {};
  std::size_t in_tarpit = 0;  // clients
  bool stopping = false;
  bool said_old_words = false;
};

}  // namespace postern::screen
