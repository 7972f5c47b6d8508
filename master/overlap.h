// A wildcard and an address of the same port: the kernel lets only one of them listen, unless both say that they share
// the port. A reload that changes inet_interfaces goes from one to the other without a moment in between.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "master/listener.h"

namespace postern::master {

// True when one of the keys is the wildcard of the other: "inet:0.0.0.0:25" and "inet:127.0.0.1:25".
bool overlap(const std::string& a, const std::string& b);
bool is_wildcard(const std::string& key);

// Opens a socket for the address beside `own`, listening sockets of ours that overlap with it. Fails as bind(2) and
// listen(2): somebody else may have the port.
Result<Listener> open_beside(const Address& address, int backlog, const std::vector<const Listener*>& own);

}  // namespace postern::master
