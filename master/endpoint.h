// Where an inet service listens: from the first field of master.cf, inet_interfaces and inet_protocols to
// numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "master/service.h"

namespace postern::master {

// What the administrator and the kernel let us use.
struct Interfaces {
  std::vector<std::string> names;  // inet_interfaces: "all", "loopback-only", host names, addresses
  bool ipv4 = true;
  bool ipv6 = true;
};
// From the two parameters; ipv6 only if this kernel has it. Fails with invalid on an unknown protocol.
Result<Interfaces> interfaces_from(const std::vector<std::string>& inet_interfaces,
                                   const std::vector<std::string>& inet_protocols);

// The same with each name among them looked up, once for all services. Fails with not_found.
Result<Interfaces> in_numbers(const Interfaces& interfaces);

// Every address that the name ("smtp", "localhost:25", "[2001:db8::1]:25") means, each once, in numbers.
// Fails as config::parse_endpoint, and with not_found when there is none.
Result<std::vector<Address>> inet_addresses(std::string_view name, const Interfaces& interfaces);

// The address of a service that is a path below public/ or private/, whatever the type. Fails with invalid or too_long.
Result<Address> path_address(std::string_view name, Type type, bool is_private);

}  // namespace postern::master
