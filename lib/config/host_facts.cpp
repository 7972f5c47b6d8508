#include "lib/config/host_facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <memory>
#include <span>

namespace postern::config {

namespace {

// The bytes of the address in a socket address; none for another family.
std::span<const unsigned char> address_bytes(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    return {reinterpret_cast<const unsigned char*>(&v4), sizeof v4};
  }
  if (address->sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    return {reinterpret_cast<const unsigned char*>(&v6), sizeof v6};
  }
  return {};
}

OwnAddress own_address(const ifaddrs& interface) {
  const auto bytes = address_bytes(interface.ifa_addr);
  const auto mask = address_bytes(interface.ifa_netmask);
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(interface.ifa_addr->sa_family, bytes.data(), text.data(), text.size());
  OwnAddress own{text.data(), static_cast<int>(8 * bytes.size())};
  if (mask.size() != bytes.size()) return own;
  own.prefix = 0;
  for (const auto byte : mask) own.prefix += std::popcount(byte);
  return own;
}

bool is_user(const char* name) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  return getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
}

}  // namespace

HostFacts HostFacts::of_this_host() {
  HostFacts facts;
  facts.has_user = is_user;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0') facts.hostname = name.data();
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return facts;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> list(first, &freeifaddrs);
  std::vector<OwnAddress> found;
  for (const auto* at = list.get(); at != nullptr; at = at->ifa_next) {
    if (!address_bytes(at->ifa_addr).empty()) found.push_back(own_address(*at));
  }
  if (!found.empty()) facts.addresses = std::move(found);
  return facts;
}

}  // namespace postern::config
