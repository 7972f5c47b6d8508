#include "smtp/delivery.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mail/delivery_log.h"
#include "lib/mail/status.h"
#include "smtp/rewrite.h"

namespace postern::smtp {

namespace {

using ipc::DeliveryStatus;

constexpr seconds kDnsLimit{120};  // for all that is asked of DNS about one destination
constexpr unsigned kSmtpPort = 25;

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

Delivery::Delivery(Shop& shop, ipc::Deliver message)
    : shop_(shop),
      setup_(shop.setup),
      message_(std::move(message)),
      finished_(message_.recipients.size()),
      left_(message_.recipients.size()),
      id_(shop.setup.id_text(message_.queue_id)),
      last_start_(shop.loop.in(*shop.setup.session.delivery_time_limit)),
      begun_(wall_micros()) {
  answer_.results.resize(message_.recipients.size());
  for (std::size_t i = 0; i < answer_.results.size(); ++i) {
    answer_.results[i].number = message_.recipients[i].number;
  }
}

net::Task<ipc::Delivered> Delivery::run() {
  auto prepared = co_await prepare_letter(setup_, message_);
  auto destinations = parse_destinations(message_.nexthop, setup_.default_port, setup_.side());
  if (!prepared) {
    log_warning(concat(id_, ": ", prepared.error().text));
    why_ = message_trouble("4.3.0", concat("local data error: ", prepared.error().text));
  } else if (!destinations) {
    log_warning(concat(id_, ": ", destinations.error().text));
    why_ = trouble("4.3.5", destinations.error().text);
  } else {
    letter_ = std::move(*prepared);
    const std::size_t own = destinations->size();
    const bool has_fallback = !destinations->front().is_unix;
    if (has_fallback)
      destinations->insert(destinations->end(), setup_.fallback.begin(), setup_.fallback.end());
    co_await try_destinations(std::move(*destinations), own);
  }
  if (left_ > 0) {
    co_await give_up();
  }
  co_return std::move(answer_);
}

net::Task<void> Delivery::try_destinations(std::vector<Destination> destinations, std::size_t own) {
  for (std::size_t n = 0; n < destinations.size() && left_ > 0 && !is_over(); ++n) {
    const Destination& destination = destinations[n];
    by_fallback_ = n >= own;
    const Cache::Demand demand(shop_.cache, key_of(destination));
    co_await try_kept(destination);
    bool is_last = n + 1 == destinations.size();
    if (left_ > 0) {
      Hosts hosts;
      if (destination.is_unix) {
        hosts = local_host(setup_, destination);
      } else {
        hosts = co_await find_hosts(setup_, shop_.names, destination, shop_.loop.in(kDnsLimit));
      }
      is_last = is_last || hosts.we_are_one;
      if (hosts.all.empty()) {
        why_ = hosts.trouble;
        is_last = is_last || (why_ && why_->loop);
      } else {
        co_await try_hosts(destination, std::move(hosts.all), is_last);
      }
    }
    if (is_last) co_return;
  }
}

// A connection from an earlier message, if there is one. When it turns out to be dead, nothing has happened.
net::Task<void> Delivery::try_kept(const Destination& destination) {
  const std::string key = key_of(destination);
  auto session = shop_.cache.take(key);
  if (session == nullptr) co_return;
  tried_.insert(session->host().address);
  last_host_ = session->was_last;
  connected_ = wall_micros();
  const std::string address = session->host().address;
  session->end = shop_.loop.in(*setup_.session.delivery_time_limit);
  reached_ = false;
  co_await use(std::move(session), key, nullptr);
  if (!reached_) tried_.erase(address);
}

net::Task<void> Delivery::try_hosts(const Destination& destination, std::vector<Host> hosts,
                                    bool last_destination) {
  const auto most_addresses = static_cast<std::size_t>(*setup_.client.mx_address_limit);
  const int most_sessions = *setup_.client.mx_session_limit;
  if (*setup_.client.balance_inet_protocols) hosts = balanced(std::move(hosts), most_addresses);
  if (most_addresses > 0 && hosts.size() > most_addresses) hosts.resize(most_addresses);
  std::erase_if(hosts, [this](const Host& host) { return tried_.contains(host.address); });
  int sessions = 0;
  best_preference_ = std::numeric_limits<unsigned>::max();
  for (std::size_t i = 0; i < hosts.size() && left_ > 0 && !is_over(); ++i) {
    const bool ends = i + 1 == hosts.size() || (most_sessions > 0 && sessions + 1 >= most_sessions);
    last_host_ = last_destination && ends;
    best_preference_ = std::min(best_preference_, hosts[i].preference);
    reached_ = false;
    co_await try_host(destination, hosts[i]);
    if (!reached_) continue;
    ++sessions;
    if (most_sessions > 0 && sessions >= most_sessions) co_return;
  }
}

net::Task<void> Delivery::try_host(const Destination& destination, const Host& host) {
  Wanted wanted;
  wanted.destination = &destination;
  wanted.host = &host;
  wanted.queue_id = id_;
  wanted.sender = message_.sender;
  wanted.waited = microseconds(message_.activated - message_.arrived);
  wanted.end = shop_.loop.in(*setup_.session.delivery_time_limit);
  wanted.loop_detection = destination.port == kSmtpPort && !setup_.is_lmtp();
  wanted.is_best_host = host.preference == best_preference_;
  wanted.plain = co_await try_session(destination, wanted);
  if (wanted.plain) {
    co_await try_session(destination, wanted);
  }
}

// True: TLS broke off, and what is left may go to this host without.
net::Task<bool> Delivery::try_session(const Destination& destination, Wanted wanted) {
  auto opened = co_await open_session(shop_, wanted);
  reached_ = opened.connected;
  if (opened.session == nullptr && !opened.connected) {
    log_info(opened.trouble->text);
    why_ = std::move(opened.trouble);
    co_return false;
  }
  connected_ = wall_micros();
  if (opened.trouble) {
    co_await fail_left(std::move(*opened.trouble), opened.session.get());
    if (opened.session != nullptr) shop_.cache.leave(std::move(opened.session));
    co_return false;
  }
  opened.session->was_last = last_host_;
  const std::string key = key_of(destination);
  co_return co_await use(std::move(opened.session), key, &wanted);
}

net::Task<bool> Delivery::use(std::unique_ptr<Session> session, const std::string& key,
                              const Wanted* wanted) {
  session->queue_id = id_;
  const auto who = left();
  Transaction transaction(*session, letter_, who);
  auto transfer = co_await transaction.run();
  if (transfer.stale) co_return false;
  reached_ = true;
  const bool is_open = wanted != nullptr && transfer.whole && !transfer.in_doubt;
  const bool plain_next = is_open && goes_plain(*session, shop_, *wanted);
  if (plain_next) {
    log_info(concat(id_, ": ", transfer.whole->text));
    transfer.whole.reset();
  }
  co_await settle(std::move(transfer), who, *session);
  shop_.cache.give_back(key, std::move(session));
  co_return plain_next&& left_ > 0;
}

// Hosts that hold us as long as they may, one after the other, must not hold us for hours: no other is asked once the time
// for one of them has passed.
bool Delivery::is_over() const { return shop_.loop.now() >= last_start_; }

// ---- results

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

// The same for all that are left. What is temporary may go better elsewhere.
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

// Connections are shared by deliveries that would make the same one.
std::string Delivery::key_of(const Destination& destination) const {
  std::string key = concat(destination.text, "\n", destination.port);
  if (*setup_.tls.sasl_auth_enable && *setup_.tls.sender_dependent_authentication)
    key += concat("\n", message_.sender);
  return key;
}

}  // namespace postern::smtp
