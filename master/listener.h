// The listening sockets of master.
#pragma once

#include <string>
#include <utility>
#include <vector>

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

// The sockets of a service that may come: those that were opened for it are closed again, unless they are taken.
class NewListeners {
 public:
  NewListeners() = default;
  NewListeners(NewListeners&&) = default;
  NewListeners& operator=(NewListeners&&) = delete;
  ~NewListeners();

  void add_opened(Listener listener);
  // One that another service has too, and keeps.
  void add_shared(Listener listener) { listeners_.push_back(std::move(listener)); }
  std::vector<Listener> take();

 private:
  std::vector<Listener> listeners_;
  std::vector<std::size_t> opened_;  // indices of listeners_
};

}  // namespace postern::master
