// Where a nexthop says that mail goes: one place or several, in order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/params/smtp_side.h"

namespace postern::smtp {

struct Destination {
  std::string text;            // as written, "[mx.example]:587": the key of tables
  std::string host;            // a domain, a host, an address in numbers, or the path of a UNIX socket
  unsigned port = 0;           // 0: of a UNIX socket
  bool has_exchangers = true;  // false: the host itself, not those that its MX records name
  bool is_unix = false;
};

// Reads "domain", "domain:port", "[host]", "[192.0.2.1]:25", "[2001:db8::1]:25", and for LMTP "unix:path" and
// "inet:host:port", several separated by blanks or commas. `default_port` stands where none is named. Fails with invalid
// or not_found; the text says which port or host.
Result<std::vector<Destination>> parse_destinations(std::string_view nexthop, unsigned default_port,
                                                    config::Side side);

}  // namespace postern::smtp
