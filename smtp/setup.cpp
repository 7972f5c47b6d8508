#include "smtp/setup.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/ports.h"
#include "lib/config/values.h"
#include "lib/mail/queue_id.h"

namespace postern::smtp {

using config::Seconds;

namespace {

bool is_listed(const config::List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// The addresses at which we receive mail: those of inet_interfaces, and those of a proxy before us.
config::List receiving_addresses(const config::List& interfaces, const config::List& proxies,
                                 const config::HostFacts& host) {
  config::List own;
  for (const auto& [address, prefix] : host.addresses) {
    const bool loopback = address == "::1" || address.starts_with("127.");
    if (is_listed(interfaces, "all") || (is_listed(interfaces, "loopback-only") && loopback) ||
        is_listed(interfaces, address) || is_listed(interfaces, concat("[", address, "]"))) {
      own.push_back(address);
    }
  }
  for (const std::string& proxy : proxies) {
    if (net::Endpoint::parse(proxy, 0)) own.push_back(proxy);
  }
  return own;
}

Result<void> read_address(const config::Param<std::string>& param, net::Endpoint& into) {
  if (param->empty()) return {};
  auto endpoint = net::Endpoint::parse(*param, 0);
  if (!endpoint) return fail(Errc::invalid, concat(param.name(), ": not an address: ", *param));
  into = *endpoint;
  return {};
}

}  // namespace

Result<std::unique_ptr<Setup>> Setup::load(const config::Settings& settings, Side side,
                                           const config::HostFacts& host) {
  auto setup = std::make_unique<Setup>(side);
  auto done = setup->read(settings, host);
  if (!done) return fail(done.error());
  return setup;
}

Result<void> Setup::read(const config::Settings& settings, const config::HostFacts& host) {
  config::CleanupParams cleanup;
  for (config::ParamGroup* group :
       {static_cast<config::ParamGroup*>(&common), static_cast<config::ParamGroup*>(&client),
        static_cast<config::ParamGroup*>(&session), static_cast<config::ParamGroup*>(&tls),
        static_cast<config::ParamGroup*>(&more), static_cast<config::ParamGroup*>(&cleanup)}) {
    auto loaded = group->load(settings);
    if (!loaded) return loaded;
  }
  long_queue_ids = *cleanup.enable_long_queue_ids;
  auto done = read_places(settings, host);
  if (done) done = open_tables();
  return done;
}

Result<void> Setup::read_places(const config::Settings& settings, const config::HostFacts& host) {
  for (const auto& [name, into] :
       {std::pair("relayhost", &relayhost), std::pair("recipient_delimiter", &recipient_delimiter)}) {
    auto value = settings.value(name);
    if (!value) return fail(value.error());
    *into = std::move(*value);
  }
  const auto backoff = settings.value("minimal_backoff_time");
  const auto least = backoff ? config::parse_seconds(*backoff) : Result<Seconds>(fail(backoff.error()));
  if (!least) return fail(least.error());
  least_backoff = *least;
  refuses_downgrades = iequals(*tls.tls_downgrade_action, "defer");
  if (!refuses_downgrades && !iequals(*tls.tls_downgrade_action, "log")) {
    return fail(Errc::invalid, concat(tls.tls_downgrade_action.name(),
                                      ": neither log nor defer: ", *tls.tls_downgrade_action));
  }
  const auto loud = split_words(*tls.tls_loglevel);
  tls_log_level = loud.empty() ? 0 : static_cast<int>(parse_number(loud[0]).value_or(0));
  for (const char* grade : {"export", "low", "medium", "high", "null"}) {
    auto value = settings.value(concat("tls_", grade, "_cipherlist"));
    if (!value) return fail(value.error());
    cipher_lists[grade] = std::move(*value);
  }
  const auto port = config::port_number(*client.tcp_port);
  if (!port) return fail(port.error().kind, concat(client.tcp_port.name(), ": ", port.error().text));
  default_port = *port;
  if (!split_words(*client.fallback_relay).empty()) {
    auto parsed = parse_destinations(*client.fallback_relay, default_port, Side::smtp);
    if (!parsed)
      return fail(parsed.error().kind, concat(client.fallback_relay.name(), ": ", parsed.error().text));
    fallback = std::move(*parsed);
  }
  const std::string level = lower(*client.dns_support_level);
  if (level == "dnssec") dns = DnsSupport::dnssec;
  if (level == "disabled" || (level.empty() && *more.disable_dns_lookups)) dns = DnsSupport::disabled;
  if (!level.empty() && level != "dnssec" && level != "disabled" && level != "enabled") {
    return fail(Errc::invalid, concat(client.dns_support_level.name(), ": unknown level: ", level));
  }
  const auto lookups = split_words(*client.host_lookup);
  hosts_file = std::find(lookups.begin(), lookups.end(), "native") != lookups.end();
  const auto& protocols = *common.inet_protocols;
  if (is_listed(protocols, "all") || is_listed(protocols, "ipv4")) families.push_back(net::Family::ipv4);
  if (is_listed(protocols, "all") || is_listed(protocols, "ipv6")) families.push_back(net::Family::ipv6);
  auto bound = read_address(client.bind_address, bind4);
  if (bound) bound = read_address(client.bind_address6, bind6);
  if (!bound) return bound;
  const auto proxies = settings.value("proxy_interfaces");
  if (!proxies) return fail(proxies.error());
  const auto words = split_words(*proxies);
  auto list = table::MatchList::parse(
      "inet_interfaces",
      receiving_addresses(*common.inet_interfaces, config::List(words.begin(), words.end()), host),
      table::MatchList::Kind::addresses);
  if (!list) return fail(list.error());
  this->own_addresses = std::move(*list);
  return {};
}

Result<void> Setup::open_tables() {
  const std::pair<const config::Param<std::string>*, table::Maps*> tables[] = {
      {&session.discard_ehlo_keyword_address_maps, &ignored_by_address},
      {&session.generic_maps, &generic},
      {&session.reply_filter, &reply_filter},
      {&session.delivery_status_filter, &status_filter},
      {&session.header_checks, &header_checks},
      {&session.mime_header_checks, &mime_header_checks},
      {&tls.tls_policy_maps, &tls_policies}};
  for (const auto& [param, maps] : tables) {
    auto opened = table::Maps::open(param->name(), param->get());
    if (!opened) return fail(opened.error());
    *maps = std::move(*opened);
  }
  if (*tls.sasl_auth_enable) {
    if (tls.sasl_password_maps->empty()) {
      return fail(Errc::invalid,
                  concat(tls.sasl_auth_enable.name(), " = yes needs ", tls.sasl_password_maps.name()));
    }
    auto opened = table::Maps::open(tls.sasl_password_maps.name(), *tls.sasl_password_maps);
    if (!opened) return fail(opened.error());
    passwords = std::move(*opened);
  }
  for (const auto& word : *session.discard_ehlo_keywords) ignored_keywords.insert(lower(word));
  return {};
}

std::string Setup::id_text(std::int64_t queue_id) const {
  const mail::QueueId id(queue_id);
  return long_queue_ids ? id.long_text() : id.short_text();
}

}  // namespace postern::smtp
