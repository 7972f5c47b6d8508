// local: delivers to the users of this host, with their rights: to home_mailbox, or to a mailbox in
// mail_spool_directory.
#pragma once

#include <optional>

#include "deliver/common/agent.h"
#include "deliver/common/mailbox_writer.h"
#include "lib/config/params/local_params.h"
#include "lib/table/accounts.h"

namespace postern::deliver {

// Where the mail of a user goes: a maildir with a final slash, or a mailbox file.
std::string local_mailbox(const table::Account& account, std::string_view home_mailbox,
                          std::string_view mail_spool_directory);

class Local : public Agent {
 public:
  Local() : Agent("local") {}
  void started() override;

 private:
  Result<void> read_settings(const config::Settings& settings, daemon::Rights& rights) override;
  net::Task<Outcome> deliver(MessagePtr message, const ipc::DeliverTo& recipient) override;
  // The account of a local part, without its extension if need be. Fails when the user database does.
  Result<std::optional<table::Account>> account_of(std::string_view local_part) const;
  Owner owner_of(const table::Account& account) const;

  config::LocalParams params_;
  LockRules locks_;
  std::string host_;
  std::string delimiter_;
  table::Accounts accounts_;
  std::optional<gid_t> spool_group_;  // that may make files in mail_spool_directory
  bool only_root_makes_mailboxes_ = false;
  std::optional<MailboxWriter> writer_;
};

}  // namespace postern::deliver
