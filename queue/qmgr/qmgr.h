// qmgr: owns the queue. The service around store, spool files, scheduler and intake.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "lib/config/params/common_params.h"
#include "lib/config/params/master_params.h"
#include "lib/config/params/process_params.h"
#include "lib/config/params/qmgr_params.h"
#include "lib/config/service.h"
#include "lib/daemon/service.h"
#include "lib/table/resolve.h"
#include "queue/qmgr/desk.h"
#include "queue/qmgr/intake.h"

namespace postern::qmgr {

class Qmgr : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  Result<void> enter() override;
  void started() override { scheduler_->start(); }
  net::Task<void> serve(net::Accepted connection) override;
  void wakeup() override { scheduler_->wake(); }
  void leave(daemon::Leave why) override;
  net::Task<void> finish() override;

 private:
  Surroundings surroundings();
  Limits limits() const;
  TransportLimits limits_of(const std::string& transport) const;
  void limit_deliveries(const std::string& transport, TransportLimits& limits) const;
  Result<void> read_master();
  net::Task<void> end_orphaned();
  std::string id_text(std::int64_t id) const;

  daemon::Context* context_ = nullptr;
  config::QmgrParams params_;
  config::MasterParams master_;
  config::ProcessParams process_;
  config::CommonParams common_;
  std::map<std::string, config::Service> agents_;  // that deliver: services at UNIX sockets
  bool long_ids_ = false;
  std::string double_bounce_sender_;
  std::unique_ptr<table::Resolver> resolver_;
  Trouble trouble_;
  std::optional<Store> store_;
  std::optional<Spools> spools_;
  std::optional<Scheduler> scheduler_;
  std::optional<Desk> desk_;
  ipc::Farewell farewell_;
  bool hands_over_ = false;
  std::optional<net::Scope> last_;
};

}  // namespace postern::qmgr
