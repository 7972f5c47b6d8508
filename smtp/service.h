// The SMTP client as a service: it answers the Deliver questions of qmgr, many at a time, over as many connections as these
// need. Started as `lmtp` it speaks LMTP.
#pragma once

#include <memory>
#include <string>

#include "lib/daemon/service.h"
#include "lib/ipc/messages/deliver.h"
#include "lib/ipc/server.h"
#include "lib/net/tls.h"
#include "smtp/cache.h"
#include "smtp/connect.h"
#include "smtp/delivery.h"
#include "smtp/names.h"
#include "smtp/setup.h"

namespace postern::smtp {

class Client : public daemon::Service {
 public:
  explicit Client(Side side) : side_(side) {}

  Result<void> prepare(daemon::Context& context) override;
  net::Task<void> serve(net::Accepted connection) override;
  void leave(daemon::Leave why) override;
  net::Task<void> finish() override;

  // What prepare() does; for tests too, which have no context, and may answer for DNS.
  Result<void> configure(const config::Settings& settings, net::Loop& loop, std::unique_ptr<Names> names);
  net::Task<ipc::Delivered> deliver(ipc::Deliver question);
  Cache& cache() { return *cache_; }

 private:
  Result<void> open(std::unique_ptr<Setup> setup, const config::Settings& settings, net::Loop& loop,
                    std::unique_ptr<Names> names, bool is_service);
  Result<void> make_tls(const config::Settings& settings);

  Side side_;
  net::Loop* loop_ = nullptr;  // set by configure()
  std::unique_ptr<Setup> setup_;
  std::unique_ptr<Names> names_;
  std::unique_ptr<net::TlsClient> tls_;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Shop> shop_;
  ipc::Handlers handlers_;
  ipc::Farewell farewell_;
};

}  // namespace postern::smtp
