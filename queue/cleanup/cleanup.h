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
#include "queue/cleanup/canonical.h"

namespace postern::cleanup {

class Cleanup : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  net::Task<void> serve(net::Accepted connection) override;
  void leave(daemon::Leave why) override;

  // One message.
  net::Task<ipc::Outcome> submit(ipc::Submit submitted);

 private:
  net::Task<Origin> origin_of(const ipc::Submit& submitted) const;
  std::string id_text(std::int64_t id) const;

  daemon::Context* context_ = nullptr;
  House house_;
  table::MatchList ours_;  // clients whose mail begins its way here
  bool everything_is_ours_ = false;
  bool long_ids_ = false;
  ipc::Handlers handlers_;
  ipc::Farewell farewell_;
  std::optional<ipc::Client> qmgr_;
};

}  // namespace postern::cleanup
