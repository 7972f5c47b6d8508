// A message that local sends on: the same content below a Delivered-To: field, in the name of somebody, through cleanup.
#pragma once

#include <string>
#include <vector>

#include "deliver/common/agent.h"
#include "deliver/local/settings.h"
#include "lib/ipc/client.h"
#include "lib/ipc/messages/submit.h"
#include "lib/mail/queue_id.h"
#include "lib/net/workers.h"

namespace postern::deliver {

struct Forward {
  std::string sender;
  std::string delivered;  // for Delivered-To:
  std::string envid;
  std::string ret;
  std::vector<ipc::Recipient> recipients;
};

class Forwarding {
 public:
  // Everything named must outlive it.
  Forwarding(const Agent& agent, const LocalSettings& settings, net::Workers& workers);

  // Puts the message into the queue. With `settles`, a recipient of the message is done in the same commit: that it is
  // sent on is not lost then, nor done twice. Returns the new queue id. Fails with denied, and "5.x.x text", when cleanup will
  // not have it; any other failure is for a while.
  net::Task<Result<std::int64_t>> send(MessagePtr message, Forward forward,
                                       std::optional<std::int64_t> settles);

 private:
  net::Task<Result<void>> copy_spool(MessagePtr message, std::int64_t id);

  const Agent& agent_;
  const LocalSettings& settings_;
  net::Workers& workers_;
  mail::QueueIdSource ids_;
  ipc::Client cleanup_;
  ipc::Client qmgr_;
};

}  // namespace postern::deliver
