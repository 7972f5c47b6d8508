#include "lib/table/network.h"

#include <arpa/inet.h>

#include <algorithm>

#include "lib/base/text.h"

namespace postern::table {

std::optional<Network> parse_address(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof buffer) return std::nullopt;
  buffer[text.copy(buffer, sizeof buffer)] = '\0';
  Network network;
  network.family = text.find(':') == std::string_view::npos ? AF_INET : AF_INET6;
  if (::inet_pton(network.family, buffer, network.address.data()) != 1) return std::nullopt;
  network.bits = network.family == AF_INET ? 32 : 128;
  return network;
}

Result<Network> parse_network(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(Errc::invalid, concat(why, ": \"", printable(text, 100), '"'));
  };
  const auto slash = text.rfind('/');
  auto host = text.substr(0, slash);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return bad("missing ']' in network");
    host = host.substr(1, host.size() - 2);
  }
  auto network = parse_address(host);
  if (!network) return bad("bad network address");
  if (slash == std::string_view::npos) return *network;
  const auto bits = parse_number(text.substr(slash + 1));
  if (!bits || *bits > network->bits) return bad("bad prefix length");
  for (int bit = static_cast<int>(*bits); bit < network->bits; ++bit) {
    if ((network->address[static_cast<std::size_t>(bit / 8)] & (0x80 >> (bit % 8))) != 0) {
      return bad("non-null host address bits in network");
    }
  }
  network->bits = static_cast<int>(*bits);
  return *network;
}

bool Network::contains(const Network& other) const {
  if (family != other.family) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(address.begin(), address.begin() + bits / 8, other.address.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((address[whole] ^ other.address[whole]) >> (8 - rest)) == 0;
}

}  // namespace postern::table
