// virtual: delivers to the mailboxes of virtual_mailbox_maps, with the rights that the uid and gid tables give.
#pragma once

#include <optional>

#include "deliver/common/agent.h"
#include "deliver/common/mailbox_writer.h"
#include "lib/config/params/local_params.h"
#include "lib/config/params/virtual_params.h"
#include "lib/table/maps.h"

namespace postern::deliver {

class Virtual : public Agent {
 public:
  Virtual() : Agent("virtual", "virtual_delivery_status_filter") {}
  void started() override;

 private:
  Result<void> read_settings(const config::Settings& settings, daemon::Rights& rights) override;
  net::Task<Outcome> deliver(MessagePtr message, const ipc::DeliverTo& recipient) override;
  net::Task<Result<std::optional<std::string>>> find(const table::Maps& maps, std::string_view address) const;
  // The user and group for the mailbox. Fails with what the log has to say about the tables.
  net::Task<Result<Owner>> owner_of(std::string_view address) const;
  net::Task<Result<std::int64_t>> find_id(const table::Maps& maps, std::string_view name, std::int64_t least,
                                          std::string_view address) const;

  config::VirtualParams params_;
  LockRules locks_;
  std::string host_;
  std::string delimiter_;
  table::Maps mailboxes_, uids_, gids_;
  std::optional<MailboxWriter> writer_;
};

}  // namespace postern::deliver
