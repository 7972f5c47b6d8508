// pipe: delivers to a command that master.cf names, with the rights of its user; all recipients of a request in one go.
#pragma once

#include <memory>
#include <optional>

#include "deliver/common/agent.h"
#include "deliver/common/commands.h"
#include "lib/config/pipe_attributes.h"
#include "lib/daemon/jail.h"
#include "lib/net/workers.h"

namespace postern::deliver {

class Pipe : public Agent {
 public:
  Pipe() : Agent("", "pipe_delivery_status_filter") {}
  void started() override { workers_.emplace(loop(), 1); }

 private:
  Result<void> read_settings(const config::Settings& settings, daemon::Rights& rights) override;
  Result<void> read_identity(const config::Settings& settings);
  bool together() const override { return true; }
  net::Task<Outcome> deliver(MessagePtr message, const ipc::DeliverTo& recipient) override;
  net::Task<Outcome> deliver_all(MessagePtr message) override;
  // Why it is not even tried, or what would be done.
  std::optional<Outcome> without_command(const ipc::Deliver& message) const;
  std::string head_of(const ipc::Deliver& message) const;
  net::Task<Outcome> run(MessagePtr message, config::List words);

  config::PipeAttributes attributes_;
  std::optional<std::string> unknown_macro_;
  std::string config_directory_;
  daemon::Identity identity_;
  std::vector<std::string> environment_;
  Duration limit_{};
  std::string delimiter_;
  std::unique_ptr<Commands> commands_;
  std::optional<net::Workers> workers_;  // for large messages
};

}  // namespace postern::deliver
