// cleanup: makes a message canonical and has qmgr store it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lib/daemon/service.h"
#include "lib/ipc/client.h"
#include "lib/ipc/messages/enqueue.h"
#include "lib/ipc/server.h"
#include "lib/table/match_list.h"
#include "lib/table/rewrite.h"
#include "queue/cleanup/canonical.h"
#include "queue/cleanup/checks.h"
#include "queue/cleanup/envelope.h"

namespace postern::cleanup {

class Cleanup : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  net::Task<void> serve(net::Accepted connection) override;
  void leave(daemon::Leave why) override;

  // One message.
  net::Task<ipc::Outcome> submit(ipc::Submit submitted);
  net::Task<ipc::Outcome> admit(ipc::Submit submitted, Deadline limit);

 private:
  // How a message came to be decides what is done to it.
  struct Treatment {
    Addressing addressing;
    bool checked = false;
  };
  Result<void> read_parameters(const config::Settings& settings);
  Result<void> open_tables(const config::Settings& settings);
  Treatment treatment_of(const ipc::Submit& submitted) const;
  net::Task<Origin> origin_of(const ipc::Submit& submitted) const;
  // Checks the content, and lets what they found change the envelope. An answer, if that is the end of the message.
  net::Task<std::optional<ipc::Outcome>> check(ipc::Submit& submitted, std::string& received,
                                               Envelope& envelope, std::string_view id);
  net::Task<void> drop_spool(std::int64_t queue_id);
  net::Task<Result<Edits>> edit_header(const ipc::Submit& submitted, Origin origin, bool map) const;
  std::string id_text(std::int64_t id) const;

  daemon::Context* context_ = nullptr;
  House house_;
  Addressing addressing_;  // of mail from outside
  bool checks_notifications_ = false;
  std::unique_ptr<table::Rewriter> rewriter_;
  std::unique_ptr<Checks> checks_;
  mail::Completion remote_completion_;  // of header addresses of other clients
  bool completes_remote_ = false;
  table::MatchList ours_;  // clients whose mail begins its way here
  bool everything_is_ours_ = false;
  bool long_ids_ = false;
  ipc::Handlers handlers_;
  ipc::Farewell farewell_;
  std::optional<ipc::Client> qmgr_;
};

}  // namespace postern::cleanup
