// A server that mail can be handed to: one address of one host.
#pragma once

#include <string>

#include "lib/base/text.h"
#include "lib/net/socket.h"

namespace postern::smtp {

struct Host {
  std::string name;         // as DNS or the configuration names it
  net::Endpoint endpoint;   // with its port
  std::string address;      // in numbers; of a UNIX socket its path
  unsigned preference = 0;  // of its MX record
  bool is_secure = false;   // DNSSEC protects the way from the destination to this name and its address
  std::string tlsa_name;    // the name that its TLSA records stand below

  bool is_unix() const { return !endpoint.is_inet(); }
  // "mx.example[192.0.2.1]"
  std::string label() const { return concat(name, "[", address, "]"); }
  // "mx.example[192.0.2.1]:25": as the log names a relay.
  std::string relay() const { return is_unix() ? label() : concat(label(), ":", endpoint.port()); }
};

}  // namespace postern::smtp
