#include "lib/net/tls_threads.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "lib/net/workers.h"

namespace postern::net {

namespace {

// More would only take the processors from those who have the mail to carry.
constexpr unsigned kMostThreads = 4;

}  // namespace

TlsThreads::TlsThreads(Loop& loop)
    : loop_(loop), most_(std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads)) {}

TlsThreads::~TlsThreads() = default;

// Where there can be no threads the loop does it all.
bool TlsThreads::has_workers() {
  if (workers_) return true;
  try {
    workers_ = std::make_unique<Workers>(loop_, most_);
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

Task<TlsConnection::Step> TlsThreads::step(std::shared_ptr<TlsConnection> connection) {
  if (!has_workers()) co_return connection->handshake();
  ++used_;
  // Whoever waits for the handshake may be cancelled; the thread has the connection until it has done its part.
  std::function<TlsConnection::Step()> work = [connection = std::move(connection)] {
    return connection->handshake();
  };
  co_return co_await workers_->run<TlsConnection::Step>(std::move(work));
}

}  // namespace postern::net
