// bounce: writes delivery status notifications and hands them to cleanup. Also the services defer and trace, under
// which other mail systems know parts of this work.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "lib/config/bounce_template.h"
#include "lib/daemon/service.h"
#include "lib/ipc/client.h"
#include "lib/ipc/messages/notify.h"
#include "lib/ipc/server.h"
#include "lib/mail/queue_id.h"
#include "queue/bounce/plan.h"
#include "queue/bounce/report.h"

namespace postern::bounce {

class Bounce : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  net::Task<void> serve(net::Accepted connection) override;
  void leave(daemon::Leave why) override;

  // Tells whom it concerns, as plan_of() says. 250: done, or nobody wants it; 451: later.
  net::Task<ipc::Outcome> notify(ipc::Notify question);

 private:
  Result<void> read_templates(const config::Settings& settings, const std::string& path);
  net::Task<ipc::Outcome> send(const ipc::Notify& question, const Letter& letter);
  Result<Report> report_for(const ipc::Notify& question, const Letter& letter, mail::QueueId own);
  net::Task<Result<void>> fill(ipc::Submit& submit, const ipc::Notify& question, Returned returned,
                               const Report& report);
  net::Task<Result<void>> spool(ipc::Submit& submit, const ipc::Notify& question, const Report& report);
  void log_sent(const ipc::Notify& question, const Letter& letter, mail::QueueId own) const;
  Wording wording_for(const ipc::Notify& question, const Letter& letter) const;
  Returned returned_in(const ipc::Notify& question, const Letter& letter) const;
  std::string id_text(std::int64_t id) const;

  daemon::Context* context_ = nullptr;
  House house_;
  Policy policy_;
  std::array<Wording, config::kBounceKinds.size()> wordings_;  // in the order of BounceKind
  std::array<std::string, config::kBounceKinds.size()> postmaster_subjects_;
  bool long_ids_ = false;
  std::int64_t size_limit_ = 0;
  std::size_t inline_limit_ = 0;
  std::optional<mail::QueueIdSource> ids_;
  ipc::Handlers handlers_;
  ipc::Farewell farewell_;
  std::optional<ipc::Client> cleanup_;
  std::optional<ipc::Client> qmgr_;  // opens spool files
};

}  // namespace postern::bounce
