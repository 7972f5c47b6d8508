// The default of mynetworks: which clients are "ours", by mynetworks_style.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/host_facts.h"
#include "lib/config/words.h"

namespace postern::config {

// "127.0.0.0/8 192.0.2.0/24 [::1]/128": one block for each own address that inet_interfaces (`all`,
// `loopback-only` or addresses) and inet_protocols (`all`, `ipv4`, `ipv6`) let in. Style `host`: the address
// alone; `subnet`: its network; `class`: its class A, B or C network. Fails with invalid on another style.
Result<std::string> default_networks(std::string_view style, const List& interfaces, const List& protocols,
                                     const std::vector<OwnAddress>& addresses);

}  // namespace postern::config
