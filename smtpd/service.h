// smtpd as a service: what is opened before the jail, and one session for each connection.
#pragma once

#include <memory>
#include <optional>

#include "lib/daemon/service.h"
#include "smtpd/session.h"

namespace postern::smtpd {

class Smtpd : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  net::Task<void> serve(net::Accepted connection) override;
  net::Task<void> resume(net::Accepted connection, std::unique_ptr<ipc::HandedOver> state,
                         Fd channel) override;
  void leave(daemon::Leave why) override;
  void stress_changed(const config::Settings& settings) override;
  bool make_room() override { return smtpd::make_room(*shared_); }
  bool gives_way() const override { return shared_->load.capacity() > 1; }

 private:
  void count_load(const config::Settings& settings);
  std::unique_ptr<Setup> setup_;
  std::unique_ptr<table::Resolver> resolver_;
  std::unique_ptr<Policy> policy_;
  HostNames names_;
  std::optional<mail::QueueIdSource> ids_;
  std::optional<ipc::Client> cleanup_, qmgr_;
  std::unique_ptr<Shared> shared_;
  bool alone_ = false;  // the only process of its service
};

}  // namespace postern::smtpd
