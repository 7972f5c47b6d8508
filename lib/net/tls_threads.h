// Threads for the first step of a server's handshakes, in which it computes a signature: half a millisecond and more, while
// everybody else would wait. A single handshake is done by the loop itself; when there are several at a time the threads
// help, on other processors, and sessions that are under way go on meanwhile.
#pragma once

#include <cstddef>
#include <memory>

#include "lib/net/task.h"
#include "lib/net/tls_connection.h"

namespace postern::net {

class Loop;
class Workers;

class TlsThreads {
 public:
  // Before the jail. The threads begin with the first handshake that needs one. The loop outlives this.
  explicit TlsThreads(Loop& loop);
  ~TlsThreads();
  TlsThreads(const TlsThreads&) = delete;
  TlsThreads& operator=(const TlsThreads&) = delete;

  // Stands for a handshake that is under way.
  class Place {
   public:
    explicit Place(TlsThreads* threads) : threads_(threads) {
      if (threads_ != nullptr) ++threads_->under_way_;
    }
    ~Place() {
      if (threads_ != nullptr) --threads_->under_way_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // Whether it should go on in a thread.
    bool is_crowded() const { return threads_ != nullptr && threads_->under_way_ > 1; }

   private:
    TlsThreads* threads_;
  };

  // TlsConnection::handshake() in a thread. The connection is away from its socket, see TlsConnection::go_away().
  Task<TlsConnection::Step> step(std::shared_ptr<TlsConnection> connection);
  // How many steps there were.
  std::size_t used() const { return used_; }

 private:
  bool has_workers();
  Loop& loop_;
  unsigned most_;
  std::size_t under_way_ = 0;
  std::size_t used_ = 0;
  std::unique_ptr<Workers> workers_;
};

}  // namespace postern::net
