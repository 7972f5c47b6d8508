// discard: says that a message was delivered, and throws it away. The nexthop is the reason that the log shows.
#pragma once

#include "deliver/common/agent.h"

namespace postern::deliver {

class Discard : public Agent {
 public:
  Discard() : Agent("none") {}

 private:
  Result<void> read_settings(const config::Settings& settings, daemon::Rights& rights) override;
  net::Task<Outcome> deliver(MessagePtr message, const ipc::DeliverTo& recipient) override;
};

}  // namespace postern::deliver
