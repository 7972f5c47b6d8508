// A service that qmgr may ask, as far as every one is the same.
#pragma once

#include <set>

#include "lib/ipc/server.h"
#include "lib/net/socket.h"
#include "tests/queue/qmgr/fixture.h"

namespace postern::qmgr {

// Serves the connections to a socket.
class FakeService {
 public:
  FakeService(net::Loop& loop, const std::string& path) : loop_(loop), scope_(loop) {
    auto listener = net::listen_on(*net::Endpoint::unix_path(path), 10);
    REQUIRE(listener);
    listener_ = std::move(*listener);
    scope_.spawn(accept());
  }
  // Every peer finds its connection broken.
  void break_off() {
    for (const int fd : peers_) ::shutdown(fd, SHUT_RDWR);
  }

 protected:
  net::Loop& loop_;
  ipc::Handlers handlers_;

 private:
  net::Task<void> accept() {
    net::Readiness readiness(loop_, listener_.get());
    for (;;) {
      auto accepted = net::accept_from(listener_.get());
      if (accepted) {
        scope_.spawn(connection(std::move(accepted->fd)));
        continue;
      }
      const bool ready = co_await readiness.readable(Deadline::max());
      if (!ready) co_return;
    }
  }
  net::Task<void> connection(Fd fd) {
    const int number = fd.get();
    peers_.insert(number);
    co_await ipc::serve(loop_, std::move(fd), handlers_);
    peers_.erase(number);
  }
  Fd listener_;
  std::set<int> peers_;

 protected:
  net::Scope scope_;
};

}  // namespace postern::qmgr
