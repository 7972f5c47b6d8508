#include "deliver/virtual/virtual.h"

#include <unistd.h>

#include <limits>

#include "deliver/common/content.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::deliver {

namespace {

Result<table::Maps> open_maps(const config::Settings& settings, std::string_view name) {
  const auto value = settings.value(name);
  if (!value) return fail(value.error());
  return table::Maps::open(name, *value);
}

}  // namespace

Result<void> Virtual::read_settings(const config::Settings& settings, daemon::Rights& rights) {
  config::MailboxParams mailbox;
  auto loaded = params_.load(settings);
  if (loaded) loaded = mailbox.load(settings);
  if (!loaded) return loaded;
  if (params_.mailbox_base->empty()) return fail(Errc::invalid, "virtual_mailbox_base must name a directory");
  auto locks = read_lock_rules(*params_.mailbox_lock, mailbox);
  if (!locks) return fail(locks.error());
  auto mailboxes = open_maps(settings, "virtual_mailbox_maps");
  auto uids = open_maps(settings, "virtual_uid_maps");
  auto gids = open_maps(settings, "virtual_gid_maps");
  for (const auto* maps : {&mailboxes, &uids, &gids}) {
    if (!*maps) return fail(maps->error());
  }
  const auto host = settings.value("myhostname");
  const auto delimiter = settings.value("recipient_delimiter");
  if (!host) return fail(host.error());
  if (!delimiter) return fail(delimiter.error());
  locks_ = *locks;
  mailboxes_ = std::move(*mailboxes);
  uids_ = std::move(*uids);
  gids_ = std::move(*gids);
  host_ = *host;
  delimiter_ = *delimiter;
  if (::access(params_.mailbox_base->c_str(), F_OK) != 0) {
    log_warning(concat("virtual_mailbox_base: ", *params_.mailbox_base, " does not exist"));
  }
  rights.write.push_back(*params_.mailbox_base);
  return {};
}

void Virtual::started() { writer_.emplace(loop(), host_, locks_); }

net::Task<Result<std::optional<std::string>>> Virtual::find(const table::Maps& maps,
                                                            std::string_view address) const {
  auto match = co_await maps.lookup_address(address, delimiter_, table::AddressKeys::full);
  if (!match) co_return fail(match.error());
  std::optional<std::string> value;
  if (*match) value = std::move((*match)->value);
  co_return value;
}

net::Task<Result<std::int64_t>> Virtual::find_id(const table::Maps& maps, std::string_view name,
                                                 std::int64_t least, std::string_view address) const {
  auto value = co_await find(maps, address);
  if (!value) co_return fail(value.error());
  if (!*value) co_return fail(Errc::not_found, concat("recipient ", address, ": not found in ", name));
  const auto number = parse_number(trim(**value));
  if (!number || *number < least || *number >= std::numeric_limits<uid_t>::max()) {
    co_return fail(Errc::invalid, concat("recipient ", address, ": bad id ", **value, " in ", name));
  }
  co_return *number;
}

net::Task<Result<Owner>> Virtual::owner_of(std::string_view address) const {
  Owner owner;
  if (::geteuid() != 0) co_return owner;
  auto uid = co_await find_id(uids_, "virtual_uid_maps", *params_.minimum_uid, address);
  if (!uid) co_return fail(uid.error());
  auto gid = co_await find_id(gids_, "virtual_gid_maps", 1, address);
  if (!gid) co_return fail(gid.error());
  owner.uid = static_cast<uid_t>(*uid);
  owner.gid = static_cast<gid_t>(*gid);
  co_return owner;
}

net::Task<Outcome> Virtual::deliver(MessagePtr message, const ipc::DeliverTo& recipient) {
  auto mailbox = co_await find(mailboxes_, recipient.address);
  if (!mailbox) {
    log_warning(mailbox.error().text);
    co_return Outcome::misconfigured();
  }
  if (!*mailbox) co_return Outcome::bounced("5.1.1", concat("unknown user: \"", recipient.address, '"'));
  auto owner = co_await owner_of(recipient.address);
  if (!owner) {
    log_warning(owner.error().text);
    co_return Outcome::misconfigured();
  }
  if (was_delivered_to(*message, recipient.address)) {
    co_return Outcome::bounced("5.4.6", concat("mail forwarding loop for ", recipient.address));
  }
  if (message->purpose == ipc::Purpose::verify) {
    const std::string_view what = (*mailbox)->ends_with('/') ? "delivers to maildir" : "delivers to mailbox";
    co_return Outcome::sent(std::string(what));
  }
  MailboxDelivery delivery;
  delivery.head = trace_header(*message, recipient);
  delivery.message = std::move(message);
  delivery.path = concat(*params_.mailbox_base, '/', **mailbox);
  delivery.user = recipient.address;
  delivery.trouble = concat("delivery failed to mailbox ", delivery.path, ": ");
  delivery.owner = *owner;
  delivery.limit = *params_.mailbox_limit;
  co_return co_await writer_->deliver(std::move(delivery));
}

}  // namespace postern::deliver
