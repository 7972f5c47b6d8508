#include "deliver/local/expansion.h"

#include <unistd.h>

#include "deliver/common/content.h"
#include "deliver/local/user_file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mail/address.h"
#include "lib/mail/status.h"

namespace postern::deliver {

namespace {

constexpr int kDeepest = 100;

Outcome alias_trouble() { return Outcome::deferred("4.3.0", "alias database unavailable"); }
Outcome include_trouble() { return Outcome::bounced("5.3.5", "mail system configuration error"); }

}  // namespace

Expansion::Expansion(Local& local, MessagePtr message, const ipc::DeliverTo& recipient)
    : local_(local), message_(std::move(message)), recipient_(recipient), begun_(wall_micros()) {}

net::Task<Outcome> Expansion::run() {
  Step step;
  step.address = recipient_.address;
  step.original = recipient_.original;
  step.sender = message_->sender;
  step.envid = message_->envid;
  step.ret = message_->ret;
  step.notify = recipient_.notify;
  step.orcpt = recipient_.orcpt;
  co_await deliver_recipient(std::move(step));
  if (!deferred_) {
    co_await tell_owners();
  }
  Outcome last;
  if (!deferred_ && !forwards_.empty()) {
    last = co_await send_forwards();
  }
  co_return result(std::move(last));
}

// A recipient has one result: it waits if any end has to be tried again, and fails if any end failed.
Outcome Expansion::result(Outcome last) {
  Outcome outcome = Outcome::sent("alias expanded");
  if (deferred_) {
    outcome = std::move(*deferred_);
  } else if (!last.dsn.empty() && last.status != ipc::DeliveryStatus::sent) {
    outcome = std::move(last);
  } else if (bounced_) {
    outcome = std::move(*bounced_);
  } else if (!last.dsn.empty()) {
    outcome = std::move(last);
  } else if (sent_) {
    outcome = std::move(*sent_);
  }
  if (outcome.status == ipc::DeliveryStatus::sent && expanded_) {
    outcome.arrival = is_list_ ? ipc::Arrival::delivered : ipc::Arrival::expanded;
  }
  outcome.is_logged = logged_;
  return outcome;
}

bool Expansion::been_here(std::string what) {
  if (settings().duplicate_limit > 0 && been_.size() >= settings().duplicate_limit)
    return been_.count(what) > 0;
  return !been_.insert(std::move(what)).second;
}

net::Task<void> Expansion::finish(Step step, Outcome outcome) {
  if (!outcome.is_logged) {
    co_await local_.filter(outcome);
    local_.log_attempt(*message_, step.address, step.original, begun_, outcome);
  }
  logged_ = true;
  const bool is_owners = step.is_of_list && outcome.status == ipc::DeliveryStatus::bounced;
  if (is_owners && !only_verifies() && !local_.soft_bounce()) {
    for_owners_.push_back({std::move(step), std::move(outcome)});
    co_return;
  }
  auto& first = outcome.status == ipc::DeliveryStatus::sent       ? sent_
                : outcome.status == ipc::DeliveryStatus::deferred ? deferred_
                                                                  : bounced_;
  if (!first) first = std::move(outcome);
}

net::Task<void> Expansion::deliver_recipient(Step step) {
  if (++step.level > kDeepest) {
    log_warning(concat("recipient nesting limit exceeded for ", step.address));
    co_await finish(step, Outcome::bounced("5.4.6", "recipient nesting limit exceeded"));
    co_return;
  }
  if (been_here(concat("recipient ", step.level, " ", step.address))) co_return;
  if (was_delivered_to(*message_, step.address)) {
    co_await finish(step, Outcome::bounced("5.4.6", concat("mail forwarding loop for ", step.address)));
    co_return;
  }
  if (step.delivered.empty()) step.delivered = step.address;
  const auto at = step.address.rfind('@');
  step.local = lower(step.address.substr(0, at));
  step.domain = at == std::string::npos ? std::string() : lower(step.address.substr(at + 1));
  const auto [user, extension, separator] = mail::split_extension(step.local, settings().delimiter);
  step.user = std::string(user);
  step.extension = std::string(extension);
  if (step.extension.find('/') != std::string::npos) {
    log_warning(concat(local_.id_text(message_->queue_id), ": address with illegal extension: ", step.local));
    step.extension.clear();
    step.local = step.user;
  }
  step.unmatched = step.extension;
  if (step.user.empty()) {
    co_await finish(step, Outcome::bounced("5.1.3", concat("null username in \"", step.address, '"')));
    co_return;
  }
  co_await deliver_to_name(std::move(step));
}

// Aliases of the whole name come first, then those of the name without extension, then the user.
net::Task<void> Expansion::deliver_to_name(Step step) {
  const std::string extension = step.extension;
  step.unmatched.clear();
  bool done = co_await deliver_alias(step, step.local);
  if (done) co_return;
  if (!extension.empty()) {
    if (settings().propagate_alias) step.unmatched = extension;
    done = co_await deliver_alias(step, step.user);
    if (done) co_return;
    step.unmatched = extension;
  }
  // Somebody else's mail is theirs to sort: as a message of its own it has a state of its own in the queue.
  const bool is_owners = !step.owner || iequals(*step.owner, step.user);
  if (!is_owners || step.place == FoundIn::include) {
    forward(step);
    co_return;
  }
  done = co_await deliver_forward_file(step);
  if (!done) {
    done = co_await deliver_user(step);
  }
  if (!done) {
    co_await deliver_unknown(step);
  }
}

net::Task<bool> Expansion::deliver_alias(Step step, std::string name) {
  // What expands to itself is the mailbox of that name.
  if (iequals(step.expanded_from, name)) co_return false;
  step.expanded_from = name;
  for (const AliasTable& aliases : settings().aliases) {
    table::Found found = fail(Errc::io, "");
    if (aliases.is_there) {
      found = co_await aliases.maps.lookup(name);
    }
    if (!found) {
      if (aliases.is_there) log_warning(found.error().text);
      co_await finish(step, alias_trouble());
      co_return true;
    }
    if (!*found) continue;
    co_await expand_alias(std::move(step), std::move(name), std::move(**found), aliases);
    co_return true;
  }
  co_return false;
}

net::Task<std::optional<std::string>> Expansion::owner_of(std::string name) {
  std::optional<std::string> owner;
  if (!*settings().params.owner_request_special) co_return owner;
  const std::string key = concat("owner-", name);
  for (const AliasTable& aliases : settings().aliases) {
    if (!aliases.is_there) continue;
    auto found = co_await aliases.maps.lookup(key);
    if (!found || !*found) continue;
    owner = key;
    if (*settings().params.expand_owner_alias) {
      const auto list = mail::parse_destinations(**found);
      if (list.size() == 1 && list[0].kind == mail::DestinationKind::address) owner = list[0].text;
    }
    break;
  }
  co_return owner;
}

net::Task<void> Expansion::expand_alias(Step step, std::string name, std::string value,
                                        const AliasTable& table) {
  if (only_verifies()) {
    co_await finish(step, Outcome::sent(concat("aliased to ", value)));
    co_return;
  }
  if (!table.knows_owner) {
    log_warning(concat("cannot find alias database owner for ", table.name));
    co_await finish(step, Outcome::deferred("4.3.0", "cannot find alias database owner"));
    co_return;
  }
  auto list = mail::parse_destinations(value);
  if (list.empty()) {
    log_warning(concat("no recipient in alias lookup result for ", name));
    co_await finish(step, alias_trouble());
    co_return;
  }
  step.place = FoundIn::alias;
  step.rights = table.owner;
  const auto owner = co_await owner_of(name);
  if (owner) {
    // RFC 3461 5.2.7: nothing of the message's own wishes goes on to the members of a list.
    step.owner = *owner;
    step.is_of_list = true;
    step.sender = complete(*owner);
    step.envid = step.ret = step.orcpt = step.original = step.notify = std::string();
    is_list_ = !expanded_;
  } else if (*settings().params.reset_owner_alias) {
    step.owner.reset();
    step.is_of_list = false;
    step.sender = message_->sender;
  }
  expanded_ = true;
  step.notify = without_success(step.notify);
  if (!*settings().params.frozen_delivered_to) step.delivered = step.address;
  co_await deliver_list(std::move(step), std::move(list));
}

net::Task<void> Expansion::deliver_list(Step step, std::vector<mail::Destination> list) {
  for (auto& destination : list) {
    co_await deliver_destination(step, std::move(destination));
    // Lines of a file stop where something has to be tried again: all of it will be.
    if (deferred_ && step.place != FoundIn::alias) co_return;
  }
}

net::Task<void> Expansion::deliver_destination(Step step, mail::Destination destination) {
  using Kind = mail::DestinationKind;
  switch (destination.kind) {
    case Kind::address: {
      co_await deliver_address(std::move(step), std::move(destination.text));
      break;
    }
    case Kind::include: {
      co_await deliver_include(std::move(step), std::move(destination.text));
      break;
    }
    case Kind::command: {
      if (settings().allows_commands(step.place)) {
        co_await deliver_command(std::move(step), std::move(destination.text));
      } else {
        co_await finish(std::move(step), Outcome::bounced("5.7.1", "mail to command is restricted"));
      }
      break;
    }
    case Kind::file: {
      co_await deliver_file(std::move(step), std::move(destination.text));
      break;
    }
    case Kind::user: {
      step.address = complete(destination.text);
      step.local = step.user = lower(destination.text.substr(0, destination.text.rfind('@')));
      step.extension.clear();
      const bool done = co_await deliver_user(step);
      if (!done) {
        co_await deliver_unknown(step);
      }
      break;
    }
    case Kind::faulty: {
      co_await finish(std::move(step),
                      Outcome::bounced("5.1.3", concat("bad recipient address syntax: ", destination.text)));
      break;
    }
  }
}

std::string Expansion::complete(const std::string& address) const {
  return address.find('@') == std::string::npos ? concat(address, '@', settings().origin) : address;
}

net::Task<void> Expansion::deliver_address(Step step, std::string address) {
  address = complete(address);
  const auto route = co_await local_.resolver().route(address, step.sender);
  if (!route) {
    log_warning(route.error().text);
    co_await finish(std::move(step), Outcome::deferred("4.3.0", "address resolver failure"));
    co_return;
  }
  step.address = route->recipient;
  if (!step.unmatched.empty()) {
    const auto at = step.address.rfind('@');
    step.address.insert(at == std::string::npos ? step.address.size() : at,
                        concat(settings().delimiter.substr(0, 1), step.unmatched));
  }
  if (route->transport == local_.entry().name ||
      (local_.entry().name.empty() && route->transport == "local")) {
    co_await deliver_recipient(std::move(step));
  } else {
    forward(step);
  }
}

net::Task<void> Expansion::deliver_include(Step step, std::string path) {
  if (been_here(concat("include ", step.rights ? step.rights->uid : 0, " ", path))) co_return;
  if (++step.level > kDeepest || !path.starts_with('/')) {
    log_warning(
        concat(":include:", path, path.starts_with('/') ? " is nested too deep" : " uses a relative path"));
    co_await finish(std::move(step), include_trouble());
    co_return;
  }
  const std::function<UserFile()> read = [path, account = step.rights] {
    return read_include_file(path, account);
  };
  auto file = co_await local_.workers().run<UserFile>(read);
  if (!file.problem.empty()) {
    log_warning(file.problem);
    co_await finish(std::move(step), include_trouble());
    co_return;
  }
  // The owner of a file that an alias of root's names gets their own rights, not somebody else's.
  if (!step.rights && file.owner != 0) {
    auto account = ask_for_user(file.owner);
    if (!account || !*account) {
      log_warning(concat(path, ": cannot find :include: file owner username"));
      co_await finish(std::move(step), include_trouble());
      co_return;
    }
    step.rights = std::move(*account);
  }
  step.place = FoundIn::include;
  if (!settings().propagate_include) step.unmatched.clear();
  auto list = mail::parse_destination_lines(file.text);
  co_await deliver_list(std::move(step), std::move(list));
}

void Expansion::forward(const Step& step) {
  if (been_here(concat("forward to ", step.sender, " ", step.address))) return;
  Forward* found = nullptr;
  for (Forward& one : forwards_) {
    if (one.sender == step.sender && one.delivered == step.delivered) found = &one;
  }
  if (found == nullptr) {
    found = &forwards_.emplace_back();
    found->sender = step.sender;
    found->delivered = step.delivered;
    found->envid = step.envid;
    found->ret = step.ret;
  }
  ipc::Recipient recipient;
  recipient.address = step.address;
  recipient.original = step.original;
  recipient.notify = step.notify;
  recipient.orcpt = step.orcpt;
  found->recipients.push_back(std::move(recipient));
}

Outcome Expansion::not_forwarded(const Error& why) const {
  const auto [dsn, text] = mail::split_dsn(why.text);
  if (why.kind == Errc::denied && dsn.kind == 5) return Outcome::bounced(dsn.text(), std::string(text));
  log_warning(concat(local_.id_text(message_->queue_id), ": ", why.text));
  return Outcome::deferred("4.3.0", "unable to forward message");
}

// The last message settles the recipient, unless something else is to be said of it.
net::Task<Outcome> Expansion::send_forwards() {
  Step whole;
  whole.address = recipient_.address;
  whole.original = recipient_.original;
  Outcome outcome;
  for (std::size_t i = 0; i < forwards_.size(); ++i) {
    std::optional<std::int64_t> settles;
    if (i + 1 == forwards_.size() && !bounced_) settles = recipient_.number;
    auto sent = co_await local_.forwarding().send(message_, std::move(forwards_[i]), settles);
    if (sent) {
      outcome = Outcome::sent(concat("forwarded as ", local_.id_text(*sent)));
      outcome.arrival = ipc::Arrival::relayed;
    } else {
      outcome = not_forwarded(sent.error());
    }
    co_await finish(whole, outcome);
    if (!sent) break;
  }
  co_return outcome;
}

}  // namespace postern::deliver
