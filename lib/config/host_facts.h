// What the host says about itself; the computed defaults (myhostname, mydomain, mynetworks, mail_owner) follow from it. A
// value, so that a test can say what the host is.
#pragma once

#include <string>
#include <vector>

namespace postern::config {

// An address of a network interface, in numbers, without a zone, and the length of its network's prefix.
struct OwnAddress {
  std::string address;
  int prefix = 32;
};

using HasUser = bool (*)(const char* name);

struct HostFacts {
  std::string hostname = "localhost";
  std::vector<OwnAddress> addresses = {{"127.0.0.1", 8}, {"::1", 128}};

  // Is there a user of that name? Nobody knows: none is looked for.
  HasUser has_user = nullptr;

  // Asks the kernel: gethostname and getifaddrs. What it does not tell stays as above.
  static HostFacts of_this_host();
};

}  // namespace postern::config
