// Blocks of network addresses, as lists and cidr: tables name them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace postern::table {

struct Network {
  std::array<unsigned char, 16> address{};
  int bits = 0;  // of the prefix
  int family = 0;

  bool contains(const Network& other) const;
};

// "192.0.2.1" or "2001:db8::1": a network of one.
std::optional<Network> parse_address(std::string_view text);

// "192.0.2.0/24", "[2001:db8::]/32", "2001:db8::/32", or an address. Fails with invalid: "bad network address: "TEXT"",
// "bad prefix length: …", "non-null host address bits in network: "TEXT"", "missing ']' in network: …".
Result<Network> parse_network(std::string_view text);

}  // namespace postern::table
