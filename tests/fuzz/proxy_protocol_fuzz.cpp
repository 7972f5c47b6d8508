// What a proxy, or somebody who is none, says at the beginning of a connection.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/net/proxy_protocol.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto header = net::parse_proxy_header(bytes);
  if (!header || !*header) return 0;
  const net::ProxyHeader& found = **header;
  if (found.size == 0 || found.size > size || found.size > net::kLongestProxyHeader) std::abort();
  if ((found.client.length == 0) != (found.server.length == 0)) std::abort();
  if (found.client.length != 0 && (!found.client.is_inet() || found.client.address() == "unknown"))
    std::abort();
  // A header is known by its own bytes: less is not enough, and what follows changes nothing.
  const auto alone = net::parse_proxy_header(bytes.substr(0, found.size));
  if (!alone || !*alone || (*alone)->size != found.size) std::abort();
  for (std::size_t part = 1; part < found.size; ++part) {
    const auto less = net::parse_proxy_header(bytes.substr(0, part));
    if (!less || *less) std::abort();
  }
  return 0;
}
