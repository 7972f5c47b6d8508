#include "lib/table/resolve.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/address.h"

namespace postern::table {

namespace {

constexpr std::string_view kBadSyntax = "5.1.3 bad address syntax";

}  // namespace

net::Task<Result<bool>> Resolver::is_local(std::string_view domain) const {
  const auto now = local_.matches_now(domain);
  if (now) co_return *now;
  co_return co_await local_.matches(domain);
}

net::Task<Result<AddressClass>> Resolver::class_of(std::string_view domain) const {
  domain = without_final_dot(domain);
  if (domain.empty()) domain = origin_;
  const auto now = local_.matches_now(domain);
  if (now == true) co_return AddressClass::local;
  if (!now) {
    auto local = co_await local_.matches(domain);
    if (!local) co_return fail(local.error());
    if (*local) co_return AddressClass::local;
  }
  co_return co_await class_beyond_local(domain);
}

net::Task<Result<AddressClass>> Resolver::class_beyond_local(std::string_view domain) const {
  const struct {
    const MatchList& list;
    AddressClass address_class;
  } classes[] = {{virtual_alias_, AddressClass::virtual_alias},
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

// The address that a local part of ours stands for, when it has another host in it.
std::optional<std::string> Resolver::routed(std::string_view local) const {
  const bool plain = mail::is_dot_atom(local);
  if (!plain && !*params_.resolve_dequoted_address) return std::nullopt;
  if (local.find('@') != std::string_view::npos) return complete(local);
  const auto bang = *params_.swap_bangpath ? local.find('!') : std::string_view::npos;
  const auto percent = *params_.allow_percent_hack ? local.rfind('%') : std::string_view::npos;
  const bool by_bang = bang != std::string_view::npos && (plain || percent == std::string_view::npos);
  if (by_bang) return complete(concat(local.substr(bang + 1), '@', local.substr(0, bang)));
  if (percent == std::string_view::npos) return std::nullopt;
  return complete(concat(local.substr(0, percent), '@', local.substr(percent + 1)));
}

net::Task<Result<std::string>> Resolver::innermost(std::string_view address) const {
  std::string form = complete(address);
  std::string saved;  // the last domain of ours that was taken away
  // Every turn takes a character or more away, but for the few that put an address in the place of nothing.
  for (std::size_t turns = address.size() + 100; turns > 0; --turns) {
    if (*params_.resolve_null_domain && form.ends_with('@')) form.pop_back();
    const auto at = form.rfind('@');
    if (at != std::string::npos) {
      const auto domain = std::string_view(form).substr(at + 1);
      auto local = co_await is_local(domain);
      if (!local) co_return fail(local.error());
      if (domain.empty() || !*local) co_return form;
      saved = without_final_dot(domain);
      form.resize(at);
    }
    if (auto inner = routed(form)) {
      form = std::move(*inner);
    } else if (form.empty()) {
      form = *more_.empty_address_recipient;
    } else {
      co_return concat(form, '@', saved.empty() ? origin_ : saved);
    }
  }
  co_return concat(form, '@', origin_);
}

bool Resolver::make_valid(std::string& address) const {
  const auto at = address.rfind('@') + 1;
  const auto domain = std::string_view(address).substr(at);
  const bool six = domain.find(':') != std::string_view::npos;
  const auto enclosed = concat('[', six ? "IPv6:" : "", domain, ']');
  if (!domain.starts_with('[') && mail::is_domain(enclosed)) {
    if (!*more_.resolve_numeric_domain) return false;
    address.replace(at, std::string::npos, enclosed);
    return true;
  }
  if (!*more_.allow_min_user && address.starts_with('-')) return false;
  const bool numeric =
      std::all_of(domain.begin(), domain.end(), [](char c) { return is_digit(c) || c == '.'; });
  return !numeric && mail::is_domain(domain);
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

net::Task<Result<Route>> Resolver::route(std::string_view address, std::string_view sender) const {
  Route route;
  auto recipient = co_await innermost(address);
  if (!recipient) co_return fail(recipient.error());
  route.recipient = std::move(*recipient);
  if (!make_valid(route.recipient)) {
    route.transport = "error";
    route.nexthop = kBadSyntax;
    co_return route;
  }
  const std::string domain = lower(domain_of(route.recipient));
  auto address_class = co_await class_of(domain);
  if (!address_class) co_return fail(address_class.error());
  route.address_class = *address_class;
  auto set = co_await set_standard(route, domain, sender);
  if (set) {
    set = co_await apply_maps(route, domain);
  }
  if (!set) co_return fail(set.error());
  co_return route;
}

net::Task<Found> Resolver::of_address(const Maps& maps, std::string_view address,
                                      std::string_view null_key) const {
  if (maps.empty()) co_return Found(std::nullopt);
  if (address.empty()) {
    co_return co_await maps.lookup(null_key);
  }
  auto domain = domain_of(address);
  if (domain.empty()) domain = origin_;
  auto local = co_await is_local(domain);
  if (!local) co_return fail(local.error());
  const auto keys = keys_for(domain, *local ? AddressClass::local : AddressClass::other);
  auto found = co_await maps.lookup_address(address, *params_.recipient_delimiter, keys);
  if (!found) co_return fail(found.error());
  if (!*found || iequals((*found)->value, "DUNNO")) co_return Found(std::nullopt);
  co_return Found(std::move((*found)->value));
}

net::Task<Result<void>> Resolver::set_standard(Route& route, const std::string& domain,
                                               std::string_view sender) const {
  auto to = transport_of(route.address_class);
  route.nexthop = domain;
  if (route.address_class == AddressClass::other) {
    auto found = co_await of_address(sender_transports_, sender, *more_.empty_address_default_transport);
    if (!found) co_return fail(found.error());
    if (*found && !(*found)->empty()) to = parse_destination(**found);
  }
  if (route.address_class == AddressClass::other || route.address_class == AddressClass::relay) {
    auto found = co_await of_address(sender_relays_, sender, *more_.empty_address_relayhost);
    if (!found) co_return fail(found.error());
    const std::string& relay = *found ? **found : *params_.relayhost;
    if (!relay.empty()) route.nexthop = relay;
  }
  route.transport = std::move(to.transport);
  if (!to.nexthop.empty()) route.nexthop = std::move(to.nexthop);
  co_return Result<void>();
}

net::Task<Result<void>> Resolver::apply_maps(Route& route, const std::string& domain) const {
  if (route.address_class != AddressClass::virtual_alias && !transports_.empty()) {
    auto found = co_await transports_.lookup(route.recipient, domain, *params_.recipient_delimiter);
    if (!found) co_return fail(found.error());
    if (*found) {
      auto& [transport, nexthop] = **found;
      const bool fails = transport == "error" || transport == "retry";
      if (!transport.empty()) route.nexthop = fails ? "Address is undeliverable" : domain;
      if (!transport.empty()) route.transport = std::move(transport);
      if (!nexthop.empty()) route.nexthop = std::move(nexthop);
    }
  }
  auto moved = co_await of_address(relocated_, route.recipient, std::string_view());
  if (!moved) co_return fail(moved.error());
  if (*moved) {
    const std::string_view prefix = *more_.relocated_prefix_enable ? "5.1.6 User has moved to " : "";
    route.transport = "error";
    route.nexthop = concat(prefix, **moved);
  }
  co_return Result<void>();
}

AddressKeys Resolver::keys_for(std::string_view domain, AddressClass address_class) const {
  const bool ours = address_class == AddressClass::local || domain.empty() || iequals(domain, origin_);
  return ours ? AddressKeys::bare_user : AddressKeys::full;
}

}  // namespace postern::table
