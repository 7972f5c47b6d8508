// The listening sockets of master, and the FIFOs beside them.
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
  std::string path;  // of a UNIX socket or a FIFO
  Fd fd;
  std::string aside{};  // where it waits as long as another has its path
};

// Does one of our own sockets, of another type, have the path at this moment?
enum class Place { free, taken };

// Opens a socket for the address: non-blocking, close-on-exec, connections accepted without delay of small
// writes. A UNIX socket can be connected to by whoever can reach its directory. A FIFO is open for both directions,
// so that it never comes to its end; whoever can reach its directory may write. What a master left that died is
// removed, never a file of another kind. Fails as bind(2), listen(2) and mkfifo(2).
Result<Listener> open_listener(const Address& address, int backlog, Place place = Place::free);

// Takes the place of whatever has its path, so that there is a socket at each moment. A failure is logged.
void take_place(Listener& listener);

// Ends it, also for the children that have it, so that its address is free at once; removes the path of a UNIX
// socket or FIFO.
void close_listener(Listener& listener);

// The same for a service that is no more, with the keys and paths that go on in other services: of the key nothing
// is ended, and the path is theirs.
void close_unless_kept(Listener& listener, const std::vector<std::string>& kept);

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
  // From here on they have their paths.
  std::vector<Listener> take();

 private:
  std::vector<Listener> listeners_;
  std::vector<std::size_t> opened_;  // indices of listeners_
};

}  // namespace postern::master
