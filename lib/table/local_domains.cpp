#include "lib/table/local_domains.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/params/rewrite_params.h"
#include "lib/config/params/routing_params.h"

namespace postern::table {

namespace {

// What stands in "[192.0.2.1]" or "[IPv6:2001:db8::1]".
std::string_view literal(std::string_view domain) {
  auto inside = domain.substr(1, domain.size() - 2);
  if (istarts_with(inside, "ipv6:")) inside.remove_prefix(5);
  return inside;
}

// The addresses at which we receive mail, as far as inet_interfaces lists them in numbers.
config::List own_addresses(const config::List& interfaces, const config::HostFacts& host) {
  const auto named = [&](std::string_view word) {
    return std::find(interfaces.begin(), interfaces.end(), word) != interfaces.end();
  };
  config::List own;
  for (const auto& [address, prefix] : host.addresses) {
    const bool loopback = address == "::1" || address.starts_with("127.");
    if (named("all") || (named("loopback-only") && loopback) || named(address) ||
        named(concat('[', address, ']'))) {
      own.push_back(address);
    }
  }
  return own;
}

Result<config::List> words_of(const config::Settings& settings, std::string_view name) {
  const auto value = settings.value(name);
  if (!value) return fail(value.error());
  return config::split_braced(*value, config::kListSeparators);
}

}  // namespace

Result<LocalDomains> LocalDomains::open(const config::Settings& settings, const config::HostFacts& host) {
  LocalDomains domains;
  const auto interfaces = words_of(settings, "inet_interfaces");
  if (!interfaces) return fail(interfaces.error());
  const auto proxies = words_of(settings, "proxy_interfaces");
  if (!proxies) return fail(proxies.error());
  const auto destinations = words_of(settings, "mydestination");
  if (!destinations) return fail(destinations.error());
  config::List addresses = own_addresses(*interfaces, host);
  addresses.insert(addresses.end(), proxies->begin(), proxies->end());
  auto own = MatchList::parse("inet_interfaces", addresses, MatchList::Kind::addresses);
  if (!own) return fail(own.error());
  auto names = MatchList::parse("mydestination", *destinations, MatchList::Kind::names);
  if (!names) return fail(names.error());
  domains.addresses_ = std::move(*own);
  domains.names_ = std::move(*names);
  return domains;
}

bool LocalDomains::is_own_literal(std::string_view domain) const {
  return domain.size() > 2 && domain.starts_with('[') && domain.ends_with(']') &&
         addresses_.matches_now(literal(domain)) == true;
}

std::optional<bool> LocalDomains::matches_now(std::string_view domain) const {
  domain = without_final_dot(domain);
  if (is_own_literal(domain)) return true;
  return names_.matches_now(domain);
}

net::Task<Result<bool>> LocalDomains::matches(std::string_view domain) const {
  domain = without_final_dot(domain);
  if (is_own_literal(domain)) co_return true;
  co_return co_await names_.matches(domain);
}

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

std::string_view without_final_dot(std::string_view domain) {
  if (domain.size() > 1 && domain.ends_with('.')) domain.remove_suffix(1);
  return domain;
}

}  // namespace postern::table
