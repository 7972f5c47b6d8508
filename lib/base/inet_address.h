// An Internet address by itself, in 16 bytes: to compare, to find again, to cut to a network, to show.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

struct InetAddress {
  std::array<unsigned char, 16> bytes{};  // an IPv4 address as ::ffff:a.b.c.d (RFC 4291 2.5.5.2)

  // From 4 or 16 bytes as the network orders them.
  static InetAddress v4(const void* four);
  static InetAddress v6(const void* sixteen);
  // From numbers: "192.0.2.1", "2001:db8::1". Nothing for another text.
  static std::optional<InetAddress> parse(std::string_view text);

  bool is_v4() const;
  // 0.0.0.0 or ::, which stand for all addresses of a host.
  bool is_any() const;
  // The last four bytes of an IPv4 address.
  const unsigned char* four() const { return bytes.data() + 12; }
  // The address without what is behind the first `bits` of the 32 or 128 that its kind has.
  InetAddress network(int bits) const;
  // "192.0.2.1", "2001:db8::1".
  std::string text() const;

  bool operator==(const InetAddress&) const = default;
};

// Clients choose their addresses: not so that they all fall into one place.
class InetAddressHash {
 public:
  InetAddressHash();  // with a secret of its own
  std::size_t operator()(const InetAddress& address) const;

 private:
  std::uint64_t secret_;
};

}  // namespace postern
