#include "lib/net/dns_hosts.h"

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::net {

Result<HostsTable> HostsTable::read(const std::string& path) {
  HostsTable table;
  auto text = read_file(path);
  if (!text && text.error().kind == Errc::not_found) return table;
  if (!text) return fail(text.error());
  for (const auto line : split_fields(*text, '\n')) table.add_line(line.substr(0, line.find('#')));
  return table;
}

void HostsTable::add_line(std::string_view line) {
  const auto words = split_words(line, " \t\r");
  if (words.size() < 2) return;
  const auto address = Endpoint::parse(words[0], 0);
  if (!address) return;
  by_address_[address->address()].emplace_back(words[1]);
  for (std::size_t i = 1; i < words.size(); ++i) by_name_[lower(words[i])].push_back(*address);
}

std::vector<Endpoint> HostsTable::addresses(std::string_view name, int family) const {
  std::vector<Endpoint> all;
  const auto found = by_name_.find(lower(name));
  if (found == by_name_.end()) return all;
  for (const auto& address : found->second) {
    if (address.storage.ss_family == family) all.push_back(address);
  }
  return all;
}

std::vector<std::string> HostsTable::names(const Endpoint& address) const {
  const auto found = by_address_.find(address.address());
  return found == by_address_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace postern::net
