#include "lib/config/networks.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>

#include "lib/base/text.h"
#include "lib/config/lines.h"

namespace postern::config {

namespace {

struct Binary {
  int family = AF_INET;
  std::array<unsigned char, 16> bytes{};

  int bits() const { return family == AF_INET ? 32 : 128; }
  bool is_loopback() const {
    if (family == AF_INET) return bytes[0] == 127;
    return bytes.back() == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](auto b) { return b == 0; });
  }
};

std::optional<Binary> parse_address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string whole(text);
  Binary address;
  if (inet_pton(AF_INET, whole.c_str(), address.bytes.data()) == 1) return address;
  address.family = AF_INET6;
  if (inet_pton(AF_INET6, whole.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool has(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_used(const Binary& address, const List& interfaces, const List& protocols) {
  if (!has(protocols, "all") && !has(protocols, address.family == AF_INET ? "ipv4" : "ipv6")) return false;
  if (has(interfaces, "all")) return true;
  if (has(interfaces, "loopback-only") && address.is_loopback()) return true;
  return std::any_of(interfaces.begin(), interfaces.end(), [&](const std::string& one) {
    const auto listed = parse_address(one);
    return listed && listed->family == address.family && listed->bytes == address.bytes;
  });
}

int class_prefix(unsigned char first) { return first < 128 ? 8 : first < 192 ? 16 : 24; }

// The prefix that the style gives; -1 when there is no such style.
int prefix_of(std::string_view style, const Binary& address, int own) {
  if (style == "host") return address.bits();
  if (style == "subnet") return std::clamp(own, 0, address.bits());
  if (style == "class") return address.family == AF_INET ? class_prefix(address.bytes[0]) : own;
  return -1;
}

std::string block(Binary address, int prefix) {
  for (int bit = prefix; bit < address.bits(); ++bit) {
    address.bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<unsigned char>(~(0x80 >> (bit % 8)));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.family, address.bytes.data(), text.data(), text.size());
  if (address.family == AF_INET) return concat(text.data(), "/", prefix);
  return concat("[", text.data(), "]/", prefix);
}

}  // namespace

Result<std::string> default_networks(std::string_view style, const List& interfaces, const List& protocols,
                                     const std::vector<OwnAddress>& addresses) {
  if (prefix_of(style, {}, 0) < 0) {
    return fail(Errc::invalid, concat("unknown mynetworks_style value: ", shown(style)));
  }
  List blocks;
  for (const auto& own : addresses) {
    const auto address = parse_address(own.address);
    if (!address || !is_used(*address, interfaces, protocols)) continue;
    auto text = block(*address, prefix_of(style, *address, own.prefix));
    if (!has(blocks, text)) blocks.push_back(std::move(text));
  }
  std::string joined;
  for (const auto& one : blocks) joined += (joined.empty() ? "" : " ") + one;
  return joined;
}

}  // namespace postern::config
