#include "master/endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "lib/base/text.h"
#include "lib/config/ports.h"

namespace postern::master {

namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

bool kernel_has_ipv6() {
  const Fd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return static_cast<bool>(probe);
}

Address inet_address(const net::Endpoint& endpoint) {
  const std::string host = endpoint.address();
  const bool brackets = endpoint.storage.ss_family == AF_INET6;
  return {concat("inet:", brackets ? "[" : "", host, brackets ? "]:" : ":", endpoint.port()), endpoint};
}

Result<void> add(std::vector<Address>& to, const std::string& address, unsigned port) {
  auto endpoint = net::Endpoint::parse(address, port);
  if (!endpoint) return fail(endpoint.error());
  Address found = inet_address(*endpoint);
  if (std::find(to.begin(), to.end(), found) == to.end()) to.push_back(std::move(found));
  return {};
}

bool is_allowed(const net::Endpoint& endpoint, const Interfaces& allowed) {
  return endpoint.storage.ss_family == AF_INET6 ? allowed.ipv6 : allowed.ipv4;
}

// Names are looked up; numbers are taken as they are.
Result<void> add_host(std::vector<Address>& to, const std::string& host, unsigned port,
                      const Interfaces& allowed) {
  if (const auto number = net::Endpoint::parse(host, port); number && is_allowed(*number, allowed)) {
    return add(to, host, port);
  }
  addrinfo hints{};
  hints.ai_family = !allowed.ipv6 ? AF_INET : !allowed.ipv4 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return fail(Errc::not_found, concat("host not found: ", host, ": ", ::gai_strerror(error)));
  const AddressList list(found);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    net::Endpoint endpoint;
    endpoint.length = at->ai_addrlen;
    std::copy_n(reinterpret_cast<const char*>(at->ai_addr), at->ai_addrlen,
                reinterpret_cast<char*>(&endpoint.storage));
    auto added = add(to, endpoint.address(), port);
    if (!added) return added;
  }
  return {};
}

Result<void> add_both(std::vector<Address>& to, const char* v4, const char* v6, unsigned port,
                      const Interfaces& allowed) {
  Result<void> added;
  if (allowed.ipv4) added = add(to, v4, port);
  if (added && allowed.ipv6) added = add(to, v6, port);
  return added;
}

std::string without_brackets(const std::string& name) {
  const bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  return bracketed ? name.substr(1, name.size() - 2) : name;
}

Result<void> add_interface(std::vector<Address>& to, const std::string& name, unsigned port,
                           const Interfaces& allowed) {
  if (name == "all") return add_both(to, "0.0.0.0", "::", port, allowed);
  if (name == "loopback-only") return add_both(to, "127.0.0.1", "::1", port, allowed);
  return add_host(to, without_brackets(name), port, allowed);
}

}  // namespace

Result<Interfaces> interfaces_from(const std::vector<std::string>& inet_interfaces,
                                   const std::vector<std::string>& inet_protocols) {
  Interfaces interfaces{inet_interfaces, false, false};
  for (const std::string& protocol : inet_protocols) {
    if (protocol != "all" && protocol != "ipv4" && protocol != "ipv6") {
      return fail(Errc::invalid, concat("parameter inet_protocols: unknown protocol \"", protocol, "\""));
    }
    interfaces.ipv4 |= protocol != "ipv6";
    interfaces.ipv6 |= protocol != "ipv4";
  }
  interfaces.ipv6 = interfaces.ipv6 && kernel_has_ipv6();
  return interfaces;
}

Result<Interfaces> in_numbers(const Interfaces& interfaces) {
  Interfaces found{{}, interfaces.ipv4, interfaces.ipv6};
  for (const std::string& name : interfaces.names) {
    if (name == "all" || name == "loopback-only") {
      found.names.push_back(name);
      continue;
    }
    std::vector<Address> addresses;
    auto added = add_interface(addresses, name, 1, interfaces);
    if (!added) return fail(Errc::not_found, concat("parameter inet_interfaces: ", added.error().text));
    for (const Address& address : addresses) found.names.push_back(address.endpoint.address());
  }
  return found;
}

Result<std::vector<Address>> inet_addresses(std::string_view name, const Interfaces& interfaces) {
  const auto parsed = config::parse_endpoint(name);
  if (!parsed) return fail(parsed.error());
  const auto port = config::port_number(parsed->port);
  if (!port) return fail(port.error());
  std::vector<Address> addresses;
  Result<void> added;
  if (!parsed->host.empty()) added = add_host(addresses, parsed->host, *port, interfaces);
  for (const std::string& interface : interfaces.names) {
    if (added && parsed->host.empty()) added = add_interface(addresses, interface, *port, interfaces);
  }
  if (!added) return fail(added.error());
  if (addresses.empty()) return fail(Errc::not_found, concat("no address to listen on for ", name));
  return addresses;
}

Result<Address> path_address(std::string_view name, Type type, bool is_private) {
  if (name.empty() || name.front() == '/' || name.find("..") != std::string_view::npos) {
    return fail(Errc::invalid, concat("bad path of a service: ", name));
  }
  const std::string path = concat(is_private ? "private/" : "public/", name);
  auto endpoint = net::Endpoint::unix_path(path);
  if (!endpoint) return fail(endpoint.error());
  return Address{concat(config::name_of(type), ":", path), *endpoint};
}

}  // namespace postern::master
