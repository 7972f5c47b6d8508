// The listening sockets of master.
#pragma once

#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "master/service.h"

namespace postern::master {

struct Listener {
  std::string key;
  std::string path;  // of a UNIX socket
  Fd fd;
};

// Opens a socket for the address: non-blocking, close-on-exec, connections accepted without delay of small
// writes. A UNIX socket can be connected to by whoever can reach its directory. Fails as bind(2) and
// listen(2).
Result<Listener> open_listener(const Address& address, int backlog);

// Ends it, also for the children that have it, so that its address is free at once; removes the path of a UNIX
// socket.
void close_listener(Listener& listener);

}  // namespace postern::master
