#include "lib/table/resolve.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/origin.h"
#include "lib/config/values.h"
#include "lib/mail/address.h"

namespace postern::table {

namespace {

// The addresses at which we receive mail, as far as inet_interfaces lists them in numbers.
config::List own_addresses(const std::vector<std::string>& interfaces, const config::HostFacts& host) {
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

// The words of local_recipient_maps without those of alias_maps that cannot be opened.
config::List without_unsupported(config::List words, const config::List& aliases) {
  const auto unusable = [&](const std::string& word) {
    const bool is_alias = std::find(aliases.begin(), aliases.end(), word) != aliases.end();
    if (!is_alias || is_supported(word)) return false;
    log_warning(
        concat("local_recipient_maps: ", word, ": unsupported table type; its aliases are not known"));
    return true;
  };
  words.erase(std::remove_if(words.begin(), words.end(), unusable), words.end());
  return words;
}

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

std::string_view without_final_dot(std::string_view domain) {
  if (domain.size() > 1 && domain.ends_with('.')) domain.remove_suffix(1);
  return domain;
}

// What stands in "[192.0.2.1]" or "[IPv6:2001:db8::1]".
std::string_view literal(std::string_view domain) {
  auto inside = domain.substr(1, domain.size() - 2);
  if (istarts_with(inside, "ipv6:")) inside.remove_prefix(5);
  return inside;
}

}  // namespace

std::string_view recipient_table(AddressClass address_class) {
  switch (address_class) {
    case AddressClass::local: return "local recipient table";
    case AddressClass::virtual_alias: return "virtual alias table";
    case AddressClass::virtual_mailbox: return "virtual mailbox table";
    case AddressClass::relay: return "relay recipient table";
    case AddressClass::other: break;
  }
  return "recipient table";
}

Result<std::unique_ptr<Resolver>> Resolver::open(const config::Settings& settings,
                                                 const config::HostFacts& host) {
  std::unique_ptr<Resolver> resolver(new Resolver);
  auto loaded = resolver->load(settings, host);
  if (!loaded) return fail(loaded.error());
  return resolver;
}

Result<void> Resolver::load(const config::Settings& settings, const config::HostFacts& host) {
  auto loaded = params_.load(settings);
  if (loaded) loaded = load_lists(settings, host);
  if (loaded) loaded = load_maps();
  if (!loaded) return loaded;
  auto origin = config::origin_of(settings);
  if (!origin) return fail(origin.error());
  origin_ = lower(*origin);
  const auto naming = settings.value("show_user_unknown_table_name");
  const auto named = config::parse_bool(naming ? *naming : "yes");
  unknown_alias_text_ = "5.1.1 User unknown";
  if (named && *named) unknown_alias_text_ += " in virtual alias table";
  return {};
}

Result<void> Resolver::load_lists(const config::Settings& settings, const config::HostFacts& host) {
  const auto interfaces = settings.value("inet_interfaces");
  if (!interfaces) return fail(interfaces.error());
  const auto words = config::split_braced(*interfaces, config::kListSeparators);
  if (!words) return fail(words.error());
  Result<void> loaded;
  const auto read = [&](MatchList& list, std::string_view name, const config::List& entries,
                        MatchList::Kind kind) {
    if (!loaded) return;
    auto parsed = MatchList::parse(name, entries, kind);
    if (parsed) {
      list = std::move(*parsed);
    } else {
      loaded = fail(parsed.error());
    }
  };
  read(own_addresses_, "inet_interfaces", own_addresses(*words, host), MatchList::Kind::addresses);
  read(local_, "mydestination", *params_.mydestination, MatchList::Kind::names);
  read(virtual_alias_, "virtual_alias_domains", *params_.virtual_alias_domains, MatchList::Kind::names);
  read(virtual_mailbox_, "virtual_mailbox_domains", *params_.virtual_mailbox_domains, MatchList::Kind::names);
  read(relay_, "relay_domains", *params_.relay_domains,
       domain_kind("relay_domains", *params_.parent_domain_matches_subdomains));
  return loaded;
}

Result<void> Resolver::load_maps() {
  Result<void> loaded;
  const auto take = [&](Maps& maps, Result<Maps> opened) {
    if (!loaded) return;
    if (opened) {
      maps = std::move(*opened);
    } else {
      loaded = fail(opened.error());
    }
  };
  const auto locals = config::split_braced(*params_.local_recipient_maps, config::kListSeparators);
  if (!locals) return fail(locals.error());
  const auto aliases = config::split_braced(*params_.alias_maps, config::kListSeparators);
  if (!aliases) return fail(aliases.error());
  take(local_recipients_, Maps::open("local_recipient_maps", without_unsupported(*locals, *aliases)));
  take(virtual_aliases_, Maps::open("virtual_alias_maps", *params_.virtual_alias_maps));
  take(virtual_mailboxes_, Maps::open("virtual_mailbox_maps", *params_.virtual_mailbox_maps));
  take(relay_recipients_, Maps::open("relay_recipient_maps", *params_.relay_recipient_maps));
  Maps transports;
  take(transports, Maps::open("transport_maps", *params_.transport_maps));
  transports_ = TransportMaps(std::move(transports),
                              domain_kind("transport_maps", *params_.parent_domain_matches_subdomains));
  return loaded;
}

net::Task<Result<AddressClass>> Resolver::class_of(std::string_view domain) const {
  domain = without_final_dot(domain);
  if (domain.empty()) domain = origin_;
  if (domain.starts_with('[') && domain.ends_with(']') &&
      own_addresses_.matches_now(literal(domain)) == true) {
    co_return AddressClass::local;
  }
  const struct {
    const MatchList& list;
    AddressClass address_class;
  } classes[] = {{local_, AddressClass::local},
                 {virtual_alias_, AddressClass::virtual_alias},
                 {virtual_mailbox_, AddressClass::virtual_mailbox},
                 {relay_, AddressClass::relay}};
  for (const auto& candidate : classes) {
    const auto now = candidate.list.matches_now(domain);
    if (now == true) co_return candidate.address_class;
    if (now == false) continue;
    auto matched = co_await candidate.list.matches(domain);
    if (!matched) co_return fail(matched.error());
    if (*matched) co_return candidate.address_class;
  }
  co_return AddressClass::other;
}

Destination Resolver::transport_of(AddressClass address_class) const {
  switch (address_class) {
    case AddressClass::local: return parse_destination(*params_.local_transport);
    case AddressClass::virtual_alias:
      // All its addresses were replaced by others: what is left is unknown.
      return {"error", unknown_alias_text_};
    case AddressClass::virtual_mailbox: return parse_destination(*params_.virtual_transport);
    case AddressClass::relay: return parse_destination(*params_.relay_transport);
    case AddressClass::other: break;
  }
  return parse_destination(*params_.default_transport);
}

Route Resolver::standard_route(AddressClass address_class, const std::string& domain) const {
  auto [transport, nexthop] = transport_of(address_class);
  const bool leaves = address_class == AddressClass::relay || address_class == AddressClass::other;
  if (nexthop.empty() && leaves) nexthop = *params_.relayhost;
  if (nexthop.empty()) nexthop = domain;
  return {address_class, std::move(transport), std::move(nexthop), {}};
}

net::Task<Result<Route>> Resolver::route(std::string_view address, std::string_view) const {
  std::string domain = lower(without_final_dot(domain_of(address)));
  auto address_class = co_await class_of(domain);
  if (!address_class) co_return fail(address_class.error());
  std::string recipient = complete(address);
  if (domain.empty()) domain = origin_;
  Route route = standard_route(*address_class, domain);
  if (*address_class != AddressClass::virtual_alias && !transports_.empty()) {
    auto found = co_await transports_.lookup(recipient, domain, *params_.recipient_delimiter);
    if (!found) co_return fail(found.error());
    if (*found) {
      auto& [transport, nexthop] = **found;
      if (!transport.empty()) route.nexthop = domain;
      if (!transport.empty()) route.transport = std::move(transport);
      if (!nexthop.empty()) route.nexthop = std::move(nexthop);
    }
  }
  route.recipient = std::move(recipient);
  co_return route;
}

std::string Resolver::complete(std::string_view address) const {
  if (!domain_of(address).empty()) return std::string(address);
  return concat(address.substr(0, address.rfind('@')), '@', origin_);
}

net::Task<Result<bool>> Resolver::is_known(std::string_view given) const {
  const std::string address = complete(given);
  auto address_class = co_await class_of(domain_of(address));
  if (!address_class) co_return fail(address_class.error());
  if (*address_class == AddressClass::other) co_return true;
  const bool local = *address_class == AddressClass::local;
  if (local && iequals(std::string_view(address).substr(0, address.rfind('@')), "postmaster")) co_return true;
  const auto keys = local ? AddressKeys::bare_user : AddressKeys::full;
  auto alias = co_await virtual_aliases_.lookup_address(address, *params_.recipient_delimiter, keys);
  if (!alias) co_return fail(alias.error());
  if (*alias) co_return true;
  if (*address_class == AddressClass::virtual_alias) co_return false;
  const Maps* maps = &relay_recipients_;
  if (local) maps = &local_recipients_;
  if (*address_class == AddressClass::virtual_mailbox) maps = &virtual_mailboxes_;
  if (maps->empty()) co_return true;
  auto found = co_await maps->lookup_address(address, *params_.recipient_delimiter, keys);
  if (!found) co_return fail(found.error());
  co_return found->has_value();
}

}  // namespace postern::table
