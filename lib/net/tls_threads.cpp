#include "lib/net/tls_threads.h"

#include <algorithm>
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

Task<TlsConnection::Step> TlsThreads::step(std::shared_ptr<TlsConnection> connection) {
  if (!workers_) workers_ = std::make_unique<Workers>(loop_, most_);
  ++used_;
  // Whoever waits for the handshake may be cancelled; the thread has the connection until it has done its part.
  std::function<TlsConnection::Step()> work = [connection = std::move(connection)] {
    return connection->handshake();
  };
  co_return co_await workers_->run<TlsConnection::Step>(std::move(work));
}

}  // namespace postern::net
