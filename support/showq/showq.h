// showq: what users may ask about the queue. Listings, and to have mail tried at once; both are passed on to qmgr when the
// lists of users allow it. What a user can occupy is bounded: connections, and answers that he does not take.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "lib/daemon/service.h"
#include "lib/ipc/client.h"
#include "lib/ipc/messages/queue.h"
#include "lib/net/wait.h"
#include "support/showq/users.h"

namespace postern::showq {

class Showq : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  net::Task<void> serve(net::Accepted connection) override;

 private:
  // Whose turn it is to have the queue looked through; held until it is destroyed.
  class Turn;
  net::Task<ipc::QueuePage> list(ipc::ListQueue question, uid_t user);
  net::Task<ipc::QueueChanged> flush(ipc::ChangeQueue question, uid_t user);

  daemon::Context* context_ = nullptr;
  std::optional<Users> users_;
  std::unique_ptr<ipc::Client> qmgr_;
  std::map<uid_t, std::size_t> connections_;
  bool looking_ = false;
  std::unique_ptr<net::Event> looked_;
};

}  // namespace postern::showq
