#include "smtp/delivery.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "smtp/rewrite.h"

namespace postern::smtp {

namespace {

constexpr seconds kDnsLimit{120};  // for all that is asked of DNS about one destination
constexpr unsigned kSmtpPort = 25;

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

// True: as above.
net::Task<bool> Delivery::use(std::unique_ptr<Session> session, const std::string& key,
                              const Wanted* wanted) {
  session->queue_id = id_;
  const auto who = left();
  Transaction transaction(*session, letter_, who);
  auto transfer = co_await transaction.run();
  if (transfer.stale) co_return false;
  reached_ = true;
  const bool may_try_again = wanted != nullptr && transfer.whole && !transfer.in_doubt;
  const bool plain_next = may_try_again && goes_plain(*session, shop_, *wanted);
  if (plain_next) {
    log_info(concat(id_, ": ", transfer.whole->text));
    transfer.whole.reset();
  }
  co_await settle(std::move(transfer), who, *session);
  shop_.cache.give_back(key, std::move(session));
  if (!plain_next) co_return false;
  co_return left_ > 0;
}

// Hosts that hold us as long as they may, one after the other, must not hold us for hours: no other is asked once the time
// for one of them has passed.
bool Delivery::is_over() const { return shop_.loop.now() >= last_start_; }

// Connections are shared by deliveries that would make the same one.
std::string Delivery::key_of(const Destination& destination) const {
  std::string key = concat(destination.text, "\n", destination.port);
  if (*setup_.tls.sasl_auth_enable && *setup_.tls.sender_dependent_authentication)
    key += concat("\n", message_.sender);
  return key;
}

}  // namespace postern::smtp
