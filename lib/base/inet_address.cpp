#include "lib/base/inet_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace postern {

namespace {

constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

InetAddress InetAddress::v4(const void* four) {
  InetAddress address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + kMapped.size(), four, 4);
  return address;
}

InetAddress InetAddress::v6(const void* sixteen) {
  InetAddress address;
  std::memcpy(address.bytes.data(), sixteen, address.bytes.size());
  return address;
}

std::optional<InetAddress> InetAddress::parse(std::string_view text) {
  char whole[INET6_ADDRSTRLEN] = "";
  if (text.size() >= sizeof whole || text.find('\0') != text.npos) return std::nullopt;
  text.copy(whole, text.size());
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, whole, bytes) == 1) return v4(bytes);
  if (::inet_pton(AF_INET6, whole, bytes) == 1) return v6(bytes);
  return std::nullopt;
}

bool InetAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

bool InetAddress::is_any() const {
  const auto* first = is_v4() ? four() : bytes.data();
  return std::all_of(first, bytes.data() + bytes.size(), [](unsigned char byte) { return byte == 0; });
}

InetAddress InetAddress::network(int bits) const {
  InetAddress cut = *this;
  for (int bit = bits + (is_v4() ? 96 : 0); bit < 128; ++bit) {
    cut.bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<unsigned char>(~(0x80 >> bit % 8));
  }
  return cut;
}

std::string InetAddress::text() const {
  char out[INET6_ADDRSTRLEN] = "";
  if (is_v4()) {
    ::inet_ntop(AF_INET, four(), out, sizeof out);
  } else {
    ::inet_ntop(AF_INET6, bytes.data(), out, sizeof out);
  }
  return out;
}

InetAddressHash::InetAddressHash() {
  std::random_device chance;
  secret_ = std::uint64_t{chance()} << 32 | chance();
}

std::size_t InetAddressHash::operator()(const InetAddress& address) const {
  std::uint64_t halves[2];
  std::memcpy(halves, address.bytes.data(), sizeof halves);
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t hash = (halves[0] ^ secret_) * kOdd;
  hash = ((hash ^ (hash >> 29)) + halves[1]) * (secret_ | 1);  // an even factor would lose bits
  return static_cast<std::size_t>(hash ^ (hash >> 32));
}

}  // namespace postern
