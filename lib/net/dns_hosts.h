// The table of hosts (/etc/hosts), read once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/socket.h"

namespace postern::net {

class HostsTable {
 public:
  HostsTable() = default;
  // Lines that make no sense are passed over, as everybody does. A file that does not exist is an empty table. Fails
  // as reading does.
  static Result<HostsTable> read(const std::string& path);

  // Addresses of a name, of one family (AF_INET, AF_INET6), in the order of the file.
  std::vector<Endpoint> addresses(std::string_view name, int family) const;
  // Names of an address: the first of each of its lines.
  std::vector<std::string> names(const Endpoint& address) const;

 private:
  void add_line(std::string_view line);
  std::map<std::string, std::vector<Endpoint>, std::less<>> by_name_;
  std::map<std::string, std::vector<std::string>, std::less<>> by_address_;
};

}  // namespace postern::net
