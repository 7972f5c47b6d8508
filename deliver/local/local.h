// local: delivers to the users of this host and to the aliases of its domains, with the rights of whom it is for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "deliver/common/agent.h"
#include "deliver/common/commands.h"
#include "deliver/common/mailbox_writer.h"
#include "deliver/local/forwarding.h"
#include "deliver/local/settings.h"
#include "deliver/local/step.h"
#include "lib/ipc/client.h"
#include "lib/net/workers.h"
#include "lib/table/accounts.h"
#include "lib/table/resolve.h"

namespace postern::deliver {

// Where the mail of a user goes: a maildir with a final slash, or a mailbox file.
std::string local_mailbox(const table::Account& account, std::string_view home_mailbox,
                          std::string_view mail_spool_directory);

class Local : public Agent {
 public:
  Local() : Agent("local", "local_delivery_status_filter") {}
  void started() override;

  // For the expansion of a recipient.
  const LocalSettings& settings() const { return settings_; }
  const table::Resolver& resolver() const { return *resolver_; }
  Forwarding& forwarding() { return *forwarding_; }
  Commands& commands() { return *commands_; }
  MailboxWriter& writer() { return *writer_; }
  net::Workers& workers() { return *workers_; }
  // The service of that name among the private ones.
  ipc::Client& agent_named(const std::string& name);
  // The account of a user. Fails when the user database does.
  Result<std::optional<table::Account>> account_of(const std::string& user) const;
  // The delivery to a user's mailbox, but for its head and its message.
  MailboxDelivery mailbox_delivery(const table::Account& account) const;

 private:
  Result<void> read_settings(const config::Settings& settings, daemon::Rights& rights) override;
  void add_rights(daemon::Rights& rights) const;
  net::Task<Outcome> deliver(MessagePtr message, const ipc::DeliverTo& recipient) override;
  Owner owner_of(const table::Account& account) const;

  LocalSettings settings_;
  std::unique_ptr<table::Resolver> resolver_;
  table::Accounts accounts_;
  std::optional<gid_t> spool_group_;  // that may make files in mail_spool_directory
  bool only_root_makes_mailboxes_ = false;
  std::unique_ptr<Commands> commands_;
  std::optional<MailboxWriter> writer_;
  std::optional<net::Workers> workers_;
  std::optional<Forwarding> forwarding_;
  std::map<std::string, std::unique_ptr<ipc::Client>> agents_;
};

}  // namespace postern::deliver
