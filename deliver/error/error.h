// error: delivers nothing, and says why: the nexthop, "5.1.1 no such user here". As service `retry` the same, and the mail
// is tried again.
#pragma once

#include "deliver/common/agent.h"

namespace postern::deliver {

class ErrorAgent : public Agent {
 public:
  ErrorAgent() : Agent("none") {}

 private:
  Result<void> read_settings(const config::Settings& settings, daemon::Rights& rights) override;
  net::Task<Outcome> deliver(MessagePtr message, const ipc::DeliverTo& recipient) override;
};

}  // namespace postern::deliver
