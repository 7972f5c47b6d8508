// What became of each recipient: for qmgr, and for the log.
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mail/delivery_log.h"
#include "lib/mail/status.h"
#include "smtp/delivery.h"

namespace postern::smtp {

namespace {

using ipc::DeliveryStatus;

std::string_view word(DeliveryStatus status, bool is_probe, bool softened) {
  if (is_probe) return status == DeliveryStatus::sent ? "deliverable" : "undeliverable";
  if (softened) return "SOFTBOUNCE";
  switch (status) {
    case DeliveryStatus::sent: return "sent";
    case DeliveryStatus::bounced: return "bounced";
    case DeliveryStatus::deferred: break;
  }
  return "deferred";
}

}  // namespace

std::vector<std::size_t> Delivery::left() const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < finished_.size(); ++i) {
    if (!finished_[i]) all.push_back(i);
  }
  return all;
}

bool Delivery::is_temporary(const Trouble& why) const {
  return why.temporary() || *setup_.common.soft_bounce;
}

// After a session: what it said of each recipient, and then of all that are left.
net::Task<void> Delivery::settle(Transfer transfer, const std::vector<std::size_t>& who,
                                 const Session& session) {
  for (std::size_t n = 0; n < who.size(); ++n) {
    Fate& fate = transfer.fates[n];
    if (fate.trouble && is_temporary(*fate.trouble) && !last_host_) {
      log_info(concat(id_, ": ", fate.trouble->text));
      why_ = std::move(fate.trouble);
    } else if (fate.trouble) {
      const auto status = fate.trouble->temporary() ? DeliveryStatus::deferred : DeliveryStatus::bounced;
      co_await finish(who[n], status, std::move(*fate.trouble), &session);
    } else if (fate.sent) {
      Trouble none = trouble(dsn_of(*fate.sent), fate.sent->text());
      none.remote_mta = session.host().name;
      none.diagnostic = concat("smtp; ", none.text);
      co_await finish(who[n], DeliveryStatus::sent, std::move(none), &session);
    }
  }
  if (!transfer.whole) co_return;
  co_await fail_left(std::move(*transfer.whole), &session);
}

// What is temporary may go better elsewhere.
net::Task<void> Delivery::fail_left(Trouble why, const Session* session) {
  if (left_ == 0) co_return;
  if (is_temporary(why) && !last_host_) {
    log_info(concat(id_, ": ", why.text));
    why_ = std::move(why);
    co_return;
  }
  if (why.of_site && is_temporary(why)) {
    answer_.site_dsn = why.dsn;
    answer_.site_text = why.text;
  }
  const auto status = why.temporary() ? DeliveryStatus::deferred : DeliveryStatus::bounced;
  const auto who = left();
  for (const std::size_t i : who) {
    co_await finish(i, status, why, session);
  }
}

// Nobody took them. What looks like a mistake in the configuration is no reason to return mail.
net::Task<void> Delivery::give_up() {
  Trouble why = why_ ? std::move(*why_) : trouble("4.3.0", "server unavailable or unable to receive mail");
  if (!why.temporary() && by_fallback_) {
    log_warning(concat(setup_.client.fallback_relay.name(), " configuration problem"));
    why.dsn = "4.3.5";
  } else if (!why.temporary() && !setup_.is_lmtp() && message_.nexthop == setup_.relayhost) {
    log_warning("relayhost configuration problem");
    why.dsn = "4.3.5";
  }
  last_host_ = true;
  co_await fail_left(std::move(why), nullptr);
}

net::Task<void> Delivery::finish(std::size_t i, DeliveryStatus status, Trouble why, const Session* session) {
  ipc::DeliveryResult& result = answer_.results[i];
  finished_[i] = true;
  --left_;
  result.status = status;
  result.dsn = std::move(why.dsn);
  result.text = std::move(why.text);
  result.remote_mta = std::move(why.remote_mta);
  result.diagnostic = std::move(why.diagnostic);
  result.relay = session == nullptr ? "none" : session->host().relay();
  if (status == DeliveryStatus::sent) {
    const bool is_final = setup_.is_lmtp() && *setup_.more.lmtp_assume_final;
    result.arrival = session->features.dsn ? ipc::Arrival::passed_on
                     : is_final            ? ipc::Arrival::delivered
                                           : ipc::Arrival::relayed;
  }
  if (!setup_.status_filter.empty()) {
    co_await filter_status(result);
  }
  const bool softened = result.status == DeliveryStatus::bounced && *setup_.common.soft_bounce;
  if (softened) result.dsn[0] = '4';
  log(i, session);
  if (softened) result.status = DeliveryStatus::deferred;
}

// "5.1.1 text" becomes what the table says, as long as a success stays one and a failure too.
net::Task<void> Delivery::filter_status(ipc::DeliveryResult& result) const {
  const std::string key = concat(result.dsn, " ", result.text);
  auto found = co_await setup_.status_filter.lookup(key);
  if (!found) {
    log_warning(concat(id_, ": ", setup_.session.delivery_status_filter.name(), ": ", found.error().text));
    co_return;
  }
  if (!*found) co_return;
  const auto [dsn, text] = mail::split_dsn(**found);
  const bool was_sent = result.status == DeliveryStatus::sent;
  if (!dsn.given() || (dsn.kind == 2) != was_sent) {
    log_warning(concat(id_, ": ", setup_.session.delivery_status_filter.name(), ": bad status: ", **found));
    co_return;
  }
  if (!was_sent) result.status = dsn.kind == 4 ? DeliveryStatus::deferred : DeliveryStatus::bounced;
  result.dsn = dsn.text();
  result.text = text;
}

void Delivery::log(std::size_t i, const Session* session) const {
  const ipc::DeliveryResult& result = answer_.results[i];
  const bool softened = result.status == DeliveryStatus::bounced && *setup_.common.soft_bounce;
  mail::Attempt attempt;
  attempt.queue_id = id_;
  attempt.address = message_.recipients[i].address;
  attempt.original = message_.recipients[i].original;
  attempt.relay = result.relay;
  attempt.uses = session == nullptr ? 1 : session->uses;
  attempt.arrived = message_.arrived;
  attempt.activated = message_.activated;
  attempt.begun = begun_;
  attempt.ended = wall_micros();
  attempt.connected = connected_ == 0 ? attempt.ended : connected_;
  attempt.dsn = result.dsn;
  attempt.status = word(result.status, message_.purpose == ipc::Purpose::verify, softened);
  attempt.text = result.text;
  mail::log_delivery(attempt);
}

}  // namespace postern::smtp
