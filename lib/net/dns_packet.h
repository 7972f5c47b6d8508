// A reply of a DNS server (RFC 1035 4) as bytes from a stranger, and what it says about one question. Plain functions:
// every length and every compression pointer is checked, and a reply yields at most kMostDnsRecords.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::net {

enum class DnsStatus;
struct DnsAddresses;

constexpr std::size_t kMostDnsRecords = 100;
constexpr unsigned kMostAliases = 16;

enum class DnsType : unsigned { a = 1, cname = 5, ptr = 12, mx = 15, txt = 16, aaaa = 28, tlsa = 52 };

struct DnsRecord {
  unsigned numbers[3] = {0, 0, 0};  // MX: preference; TLSA: usage, selector, matching type
  std::string text;                 // MX, PTR: a name; A, AAAA, TLSA: bytes; TXT: its strings, joined
};

struct DnsReply {
  DnsStatus status{};
  std::vector<DnsRecord> records;
  std::string name;
  bool secure = false;
  // Seconds: the least of the records; when there are none, how long that may be kept (RFC 2308 5). Nothing: unknown.
  std::optional<std::uint32_t> ttl;
};

// What a reply says about the records of a type at a name, also behind CNAMEs that it contains. A reply that breaks
// off or makes no sense is try_again; records whose names no host could have are left out, and if nothing else was
// there the status is invalid.
DnsReply read_dns_reply(std::string_view packet, std::string_view name, DnsType type);

// The addresses in a reply to a question for type A, whatever its name was: the reply repeats it, and whoever received it
// has compared that. One without a question is try_again.
DnsAddresses read_dns_addresses(std::string_view packet);

// The name under which PTR records of an address stand: "1.2.0.192.in-addr.arpa". `bytes` are 4 or 16.
std::string reverse_name(std::string_view bytes);

}  // namespace postern::net
