// What the programs that ask DNS must know.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct DnsParams : ParamGroup {
  Param<std::string> servers{*this, "dns_servers", "",
      "DNS servers to ask, as 192.0.2.1, 127.0.0.1:5353 or [::1]:53; empty: those of /etc/resolv.conf."};
};

}  // namespace postern::config
