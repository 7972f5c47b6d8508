// The questions that are asked of DNS: an interface, so that a test can answer them.
#pragma once

#include <string>

#include "lib/net/dns.h"

namespace postern::smtp {

class Names {
 public:
  virtual ~Names() = default;
  virtual net::Task<net::DnsAnswer<net::MxRecord>> mx(std::string name, Deadline deadline) = 0;
  virtual net::Task<net::DnsAnswer<net::Endpoint>> addresses(std::string name, net::Family family,
                                                             Deadline deadline) = 0;
  virtual net::Task<net::DnsAnswer<net::TlsaRecord>> tlsa(std::string name, Deadline deadline) = 0;
};

}  // namespace postern::smtp
