// From a destination to the hosts that take its mail, in the order in which they are tried (RFC 5321 5.1, RFC 7505).
#pragma once

#include <vector>

#include "lib/net/task.h"
#include "smtp/destination.h"
#include "smtp/host.h"
#include "smtp/names.h"
#include "smtp/setup.h"
#include "smtp/trouble.h"

namespace postern::smtp {

struct Hosts {
  std::vector<Host> all;  // the best first; empty: `trouble` says why
  Maybe trouble;
  bool we_are_one = false;  // we are an exchanger of this domain: hosts that are not must not be tried
  unsigned best = 0;        // the preference of the best exchanger that DNS names
};

// The destination lives until the task has ended.
net::Task<Hosts> find_hosts(const Setup& setup, Names& names, const Destination& destination,
                            Deadline deadline);

// The first `limit` hosts, so that both families are among them if both are there (smtp_balance_inet_protocols).
std::vector<Host> balanced(std::vector<Host> hosts, std::size_t limit);

}  // namespace postern::smtp
