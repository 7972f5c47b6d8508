// Replies of DNS servers: a byte for the type, then the packet. Whatever comes is bounded and clean.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/net/dns.h"
#include "lib/net/dns_packet.h"

using namespace postern;
using namespace postern::net;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

bool is_clean(std::string_view name) {
  for (const char c : name) {
    if (c <= ' ' || c == 0x7f || (c & 0x80) != 0) return false;
  }
  return name.size() <= 255;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr DnsType kTypes[] = {DnsType::a,   DnsType::cname, DnsType::ptr, DnsType::mx,
                                DnsType::txt, DnsType::aaaa,  DnsType::tlsa};
  if (size == 0) return 0;
  const auto type = kTypes[data[0] % std::size(kTypes)];
  const auto reply = read_dns_reply({reinterpret_cast<const char*>(data) + 1, size - 1}, "www.example", type);
  require(reply.records.size() <= kMostDnsRecords);
  require((reply.status == DnsStatus::found) == !reply.records.empty());
  require(is_clean(reply.name));
  for (const auto& record : reply.records) {
    const bool is_name = type == DnsType::mx || type == DnsType::ptr || type == DnsType::cname;
    require(!is_name || is_clean(record.text));
    require(type != DnsType::a || record.text.size() == 4);
    require(type != DnsType::aaaa || record.text.size() == 16);
    require(type != DnsType::tlsa || !record.text.empty());
    require(record.text.size() <= size);
  }
  const auto addresses = read_dns_addresses({reinterpret_cast<const char*>(data) + 1, size - 1});
  require(addresses.addresses.size() <= kMostDnsRecords);
  require((addresses.status == DnsStatus::found) == !addresses.addresses.empty());
  return 0;
}
