#include "deliver/local/local.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "deliver/common/content.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/address.h"

namespace postern::deliver {

namespace {

std::string join(std::string_view directory, std::string_view name) {
  return concat(directory, directory.ends_with('/') ? "" : "/", name);
}

// Asks the user database itself: an account that is younger than this process.
Result<std::optional<table::Account>> ask_database(const std::string& name) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  const int number = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (number == ENOENT || number == ESRCH || (number == 0 && found == nullptr)) {
    return std::optional<table::Account>();
  }
  if (number != 0) return fail_errno(concat("look up user ", name), number);
  table::Account account;
  account.name = entry.pw_name;
  account.uid = entry.pw_uid;
  account.gid = entry.pw_gid;
  account.home = entry.pw_dir;
  return std::optional<table::Account>(std::move(account));
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
  config::MailboxParams mailbox;
  auto loaded = params_.load(settings);
  if (loaded) loaded = mailbox.load(settings);
  if (!loaded) return loaded;
  auto locks = read_lock_rules(*mailbox.mailbox_delivery_lock, mailbox);
  if (!locks) return fail(locks.error());
  const auto host = settings.value("myhostname");
  const auto delimiter = settings.value("recipient_delimiter");
  if (!host) return fail(host.error());
  if (!delimiter) return fail(delimiter.error());
  locks_ = *locks;
  host_ = *host;
  delimiter_ = *delimiter;
  accounts_ = table::Accounts::read();
  struct stat spool {};
  const bool is_there = ::stat(params_.mail_spool_directory->c_str(), &spool) == 0;
  // A group that everybody could do without is not lent.
  if (is_there && (spool.st_mode & (S_IWGRP | S_IWOTH)) == S_IWGRP) spool_group_ = spool.st_gid;
  only_root_makes_mailboxes_ = is_there && spool.st_uid == 0 && (spool.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  rights.read.emplace_back("/etc");  // for accounts that are made later
  rights.write.push_back(*params_.mail_spool_directory);
  if (!params_.home_mailbox->empty()) {
    for (auto& directory : homes(accounts_)) rights.write.push_back(std::move(directory));
  }
  return {};
}

void Local::started() { writer_.emplace(loop(), host_, locks_); }

Result<std::optional<table::Account>> Local::account_of(std::string_view local_part) const {
  const std::string whole = lower(local_part);
  const auto [user, extension, separator] = mail::split_extension(whole, delimiter_);
  for (const std::string& name : {whole, std::string(user)}) {
    if (const auto* account = accounts_.find(name)) return std::optional(*account);
    auto found = ask_database(name);
    if (!found || *found) return found;
    if (separator == 0) break;
  }
  return std::optional<table::Account>();
}

// The user's rights, with the group that a mail spool belongs to: it lets them make a mailbox and its lock there.
Owner Local::owner_of(const table::Account& account) const {
  const bool in_spool = params_.home_mailbox->empty() && spool_group_;
  return {account.uid, in_spool ? *spool_group_ : account.gid};
}

net::Task<Outcome> Local::deliver(MessagePtr message, const ipc::DeliverTo& recipient) {
  const std::string_view address = recipient.address;
  const auto local_part = address.substr(0, address.rfind('@'));
  const auto account = account_of(local_part);
  if (!account) {
    log_warning(account.error().text);
    co_return Outcome::deferred("4.3.0", "user lookup error");
  }
  if (!*account) co_return Outcome::bounced("5.1.1", concat("unknown user: \"", lower(local_part), '"'));
  if (was_delivered_to(*message, address)) {
    co_return Outcome::bounced("5.4.6", concat("mail forwarding loop for ", address));
  }
  MailboxDelivery delivery;
  delivery.head = trace_header(*message, recipient);
  delivery.message = std::move(message);
  delivery.path = local_mailbox(**account, *params_.home_mailbox, *params_.mail_spool_directory);
  delivery.user = (*account)->name;
  delivery.owner = owner_of(**account);
  delivery.make = only_root_makes_mailboxes_ && params_.home_mailbox->empty() && ::geteuid() == 0;
  delivery.limit = *params_.mailbox_size_limit;
  co_return co_await writer_->deliver(std::move(delivery));
}

}  // namespace postern::deliver
