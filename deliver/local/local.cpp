#include "deliver/local/local.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "deliver/local/expansion.h"
#include "lib/base/text.h"

namespace postern::deliver {

namespace {

std::string join(std::string_view directory, std::string_view name) {
  return concat(directory, directory.ends_with('/') ? "" : "/", name);
}

// The directories that hold home directories: an account that is made later has its home there too.
std::vector<std::string> homes(const table::Accounts& accounts) {
  std::vector<std::string> found = {"/home"};
  for (const auto& [name, account] : accounts.all()) {
    struct stat home {};
    const bool is_own = ::stat(account.home.c_str(), &home) == 0 && home.st_uid == account.uid;
    const auto slash = account.home.rfind('/');
    if (!is_own || slash == std::string::npos || account.home.size() == 1) continue;
    auto above = slash == 0 ? account.home : account.home.substr(0, slash);
    if (std::find(found.begin(), found.end(), above) == found.end()) found.push_back(std::move(above));
  }
  return found;
}

}  // namespace

std::string local_mailbox(const table::Account& account, std::string_view home_mailbox,
                          std::string_view mail_spool_directory) {
  if (!home_mailbox.empty()) return join(account.home, home_mailbox);
  std::string path = join(mail_spool_directory, account.name);
  if (mail_spool_directory.ends_with('/')) path += '/';
  return path;
}

Result<void> Local::read_settings(const config::Settings& settings, daemon::Rights& rights) {
  auto read = settings_.read(settings);
  if (!read) return read;
  auto resolver = table::Resolver::open(settings);
  if (!resolver) return fail(resolver.error());
  resolver_ = std::move(*resolver);
  accounts_ = table::Accounts::read();
  const auto& spool_directory = *settings_.params.mail_spool_directory;
  struct stat spool {};
  const bool is_there = ::stat(spool_directory.c_str(), &spool) == 0;
  // A group that everybody could do without is not lent.
  if (is_there && (spool.st_mode & (S_IWGRP | S_IWOTH)) == S_IWGRP) spool_group_ = spool.st_gid;
  only_root_makes_mailboxes_ = is_there && spool.st_uid == 0 && (spool.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  add_rights(rights);
  auto commands = Commands::start(loop(), {entry().chroot, settings_.host, settings_.locks});
  if (!commands) return fail(commands.error());
  commands_ = std::move(*commands);
  return {};
}

// :include: and .forward files may be anywhere, and are read with the rights of whom they are for. Files elsewhere are
// written by the process that runs commands.
void Local::add_rights(daemon::Rights& rights) const {
  rights.read.emplace_back("/");
  rights.write.push_back(*settings_.params.mail_spool_directory);
  if (settings_.params.home_mailbox->empty()) return;
  for (auto& directory : homes(accounts_)) rights.write.push_back(std::move(directory));
}

void Local::started() {
  writer_.emplace(loop(), settings_.host, settings_.locks);
  workers_.emplace(loop(), 2);
  forwarding_.emplace(*this, settings_, *workers_);
}

ipc::Client& Local::agent_named(const std::string& name) {
  auto& client = agents_[name];
  if (!client) client = std::make_unique<ipc::Client>(loop(), concat("private/", name));
  return *client;
}

Result<std::optional<table::Account>> Local::account_of(const std::string& user) const {
  if (const auto* account = accounts_.find(user)) return std::optional(*account);
  return ask_for_user(user);
}

// The user's rights, with the group that a mail spool belongs to: it lets them make a mailbox and its lock there.
Owner Local::owner_of(const table::Account& account) const {
  const bool in_spool = settings_.params.home_mailbox->empty() && spool_group_;
  return {account.uid, in_spool ? *spool_group_ : account.gid};
}

MailboxDelivery Local::mailbox_delivery(const table::Account& account) const {
  const auto& home_mailbox = *settings_.params.home_mailbox;
  MailboxDelivery delivery;
  delivery.path = local_mailbox(account, home_mailbox, *settings_.params.mail_spool_directory);
  delivery.user = account.name;
  delivery.owner = owner_of(account);
  delivery.make = only_root_makes_mailboxes_ && home_mailbox.empty() && ::geteuid() == 0;
  delivery.limit = *settings_.params.mailbox_size_limit;
  return delivery;
}

net::Task<Outcome> Local::deliver(MessagePtr message, const ipc::DeliverTo& recipient) {
  Expansion expansion(*this, std::move(message), recipient);
  co_return co_await expansion.run();
}

}  // namespace postern::deliver
