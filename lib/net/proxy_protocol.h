// The PROXY protocol, versions 1 and 2: a proxy before us says at the beginning of a connection whose connection it
// passes on. Source: the specification by HAProxy, proxy-protocol.txt.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "lib/base/result.h"
#include "lib/net/socket.h"

namespace postern::net {

struct ProxyHeader {
  std::size_t size = 0;  // bytes of the connection that are the header
  // The two ends of the connection of which the proxy speaks; empty when it speaks for itself (LOCAL, UNKNOWN): then
  // the ends of its own connection count.
  Endpoint client, server;
};

// A header with all that a proxy may add to it.
inline constexpr std::size_t kLongestProxyHeader = 16 + 4096;

// What the first bytes of a connection, at least one, say; nothing: more must come. Fails with invalid, and says why;
// too_long.
Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view bytes);

}  // namespace postern::net
