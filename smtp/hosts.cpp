#include "smtp/hosts.h"

#include <algorithm>
#include <iterator>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::smtp {

namespace {

using net::DnsStatus;
constexpr unsigned kSmtpPort = 25;

bool is_ipv6(const Host& host) { return host.endpoint.storage.ss_family == AF_INET6; }

std::string_view reason(DnsStatus status) {
  switch (status) {
    case DnsStatus::no_data: return "Host found but no data record of requested type";
    case DnsStatus::no_domain: return "Host not found";
    case DnsStatus::invalid: return "Malformed or unexpected name server reply";
    case DnsStatus::found:
    case DnsStatus::try_again: break;
  }
  return "Host not found, try again";
}

Trouble not_found(std::string_view name, std::string_view type, DnsStatus status) {
  return trouble(status == DnsStatus::try_again ? "4.4.3" : "5.4.4",
                 concat("Host or domain name not found. Name service error for name=", name, " type=", type,
                        ": ", reason(status)));
}

Trouble looped(std::string_view name) {
  Trouble made = trouble("5.4.6", concat("mail for ", name, " loops back to myself"));
  made.loop = true;
  return made;
}

bool is_ours(const Setup& setup, const Host& host) {
  return setup.own_addresses.matches_now(host.address).value_or(false);
}

// The addresses of one host, IPv4 first. Adds to `hosts`; the trouble when there is none.
net::Task<Maybe> add_host(const Setup& setup, Names& names, Host host, unsigned port,
                          std::vector<Host>& hosts, Deadline deadline) {
  const auto numeric = net::Endpoint::parse(host.name, port);
  if (numeric) {
    host.endpoint = *numeric;
    host.address = numeric->address();
    hosts.push_back(std::move(host));
    co_return std::nullopt;
  }
  Maybe why;
  bool any = false;
  for (const auto family : setup.families) {
    auto answer = co_await names.addresses(host.name, family, deadline);
    for (const auto& record : answer.records) {
      auto endpoint = net::Endpoint::parse(record.address(), port);
      if (!endpoint) continue;
      Host one = host;
      one.endpoint = *endpoint;
      one.address = endpoint->address();
      one.is_secure = host.is_secure && answer.secure;
      one.tlsa_name = answer.name.empty() ? host.name : answer.name;
      hosts.push_back(std::move(one));
      any = true;
    }
    if (!answer.records.empty() || (why && why->temporary())) continue;
    why = not_found(host.name, family == net::Family::ipv6 ? "AAAA" : "A", answer.status);
  }
  if (any) co_return std::nullopt;
  co_return why;
}

void order(const Setup& setup, std::vector<Host>& hosts) {
  if (*setup.client.randomize_addresses) std::shuffle(hosts.begin(), hosts.end(), setup.random());
  const std::string& preferred = *setup.client.address_preference;
  const auto rank = [&](const Host& host) {
    if (preferred == "any") return 0;
    return is_ipv6(host) == (preferred == "ipv6") ? 0 : 1;
  };
  std::stable_sort(hosts.begin(), hosts.end(), [&](const Host& a, const Host& b) {
    return std::pair(a.preference, rank(a)) < std::pair(b.preference, rank(b));
  });
}

net::Task<Hosts> find_one(const Setup& setup, Names& names, const Destination& destination,
                          Deadline deadline) {
  Hosts found;
  Host host;
  host.name = destination.host;
  host.is_secure = true;
  found.trouble = co_await add_host(setup, names, std::move(host), destination.port, found.all, deadline);
  const bool looks = destination.port == kSmtpPort && !setup.is_lmtp();
  if (looks &&
      std::any_of(found.all.begin(), found.all.end(), [&](const Host& one) { return is_ours(setup, one); })) {
    found.trouble = looped(destination.host);
    found.all.clear();
  }
  order(setup, found.all);
  co_return found;
}

// Leaves the exchangers that are better than we are, if we are one.
void leave_better(const Setup& setup, const Destination& destination, Hosts& found) {
  if (destination.port != kSmtpPort || found.all.empty()) return;
  const auto self = std::find_if(found.all.begin(), found.all.end(),
                                 [&](const Host& host) { return is_ours(setup, host); });
  if (self == found.all.end()) return;
  found.we_are_one = true;
  const unsigned best_found = found.all.front().preference;
  found.all.erase(std::find_if(found.all.begin(), found.all.end(),
                               [limit = self->preference](const Host& h) { return h.preference >= limit; }),
                  found.all.end());
  if (!found.all.empty()) return;
  if (best_found == found.best) {
    found.trouble = looped(destination.host);
  } else {
    found.trouble = trouble("4.4.4", concat("unable to find primary relay for ", destination.host));
  }
}

net::Task<Hosts> find_exchangers(const Setup& setup, Names& names, const Destination& destination,
                                 std::vector<net::MxRecord> records, bool secure, Deadline deadline) {
  std::stable_sort(records.begin(), records.end(), [](const net::MxRecord& a, const net::MxRecord& b) {
    return a.preference < b.preference;
  });
  Hosts found;
  found.best = records.front().preference;
  for (const auto& record : records) {
    if (record.host.empty()) continue;
    Host host;
    host.name = record.host;
    host.preference = record.preference;
    host.is_secure = secure;
    auto why = co_await add_host(setup, names, std::move(host), destination.port, found.all, deadline);
    if (why && (!found.trouble || !found.trouble->temporary())) found.trouble = std::move(why);
  }
  if (found.all.empty()) {
    log_warning(concat("no MX host for ", destination.host, " has a valid address record"));
    if (!found.trouble) found.trouble = not_found(destination.host, "MX", DnsStatus::no_data);
    if (*setup.client.defer_if_no_mx_address_found && !found.trouble->temporary()) {
      found.trouble->dsn[0] = '4';
    }
    co_return found;
  }
  leave_better(setup, destination, found);
  order(setup, found.all);
  co_return found;
}

}  // namespace

net::Task<Hosts> find_hosts(const Setup& setup, Names& names, const Destination& destination,
                            Deadline deadline) {
  const bool is_number = net::Endpoint::parse(destination.host, destination.port).has_value();
  if (!destination.has_exchangers || is_number || setup.dns == DnsSupport::disabled) {
    co_return co_await find_one(setup, names, destination, deadline);
  }
  auto answer = co_await names.mx(destination.host, deadline);
  Hosts found;
  switch (answer.status) {
    case DnsStatus::found: break;
    case DnsStatus::no_data:
    case DnsStatus::no_domain: co_return co_await find_one(setup, names, destination, deadline);
    case DnsStatus::invalid:
    case DnsStatus::try_again:
      if (*setup.more.ignore_mx_lookup_error) {
        co_return co_await find_one(setup, names, destination, deadline);
      }
      found.trouble = not_found(destination.host, "MX", answer.status);
      co_return found;
  }
  if (answer.records.size() == 1 && answer.records[0].host.empty()) {
    found.trouble = trouble("5.1.0", concat("Domain ", destination.host, " does not accept mail (nullMX)"));
    co_return found;
  }
  const bool secure = answer.secure;
  co_return co_await find_exchangers(setup, names, destination, std::move(answer.records), secure, deadline);
}

std::vector<Host> balanced(std::vector<Host> hosts, std::size_t limit) {
  if (limit < 2 || hosts.size() <= limit) return hosts;
  const auto v6 = static_cast<std::size_t>(std::count_if(hosts.begin(), hosts.end(), is_ipv6));
  const std::size_t v4 = hosts.size() - v6;
  if (v4 == 0 || v6 == 0) return hosts;
  std::size_t left6 = std::min(v6, std::max(limit / 2, limit - std::min(v4, limit)));
  std::size_t left4 = limit - left6;
  std::vector<Host> some;
  for (auto& host : hosts) {
    std::size_t& left = is_ipv6(host) ? left6 : left4;
    if (left == 0) continue;
    --left;
    some.push_back(std::move(host));
  }
  return some;
}

}  // namespace postern::smtp
