#include "lib/net/proxy_protocol.h"

#include <vector>

#include "lib/base/text.h"

namespace postern::net {

namespace {

using Header = Result<std::optional<ProxyHeader>>;

constexpr std::string_view kTextMark = "PROXY ";
constexpr std::size_t kLongestText = 107;  // with its line end
constexpr std::string_view kBinaryMark("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kBinaryHead = 16;

bool begins_like(std::string_view bytes, std::string_view mark) {
  return bytes.substr(0, mark.size()) == mark.substr(0, bytes.size());
}

Result<unsigned> port_of(std::string_view text) {
  const auto port = parse_number(text);
  if (!port || *port > 65535 || text.size() > 5) {
    return fail(Errc::invalid, concat("bad port \"", escaped(text), "\""));
  }
  return static_cast<unsigned>(*port);
}

Result<Endpoint> endpoint_of(std::string_view address, std::string_view port, int family) {
  const auto number = port_of(port);
  if (!number) return fail(number.error());
  auto endpoint = Endpoint::parse(address, *number);
  if (!endpoint || endpoint->storage.ss_family != family) {
    return fail(Errc::invalid, concat("bad address \"", escaped(address), "\""));
  }
  return endpoint;
}

Header parse_words(std::string_view line, std::size_t size) {
  ProxyHeader header;
  header.size = size;
  const auto words = split_fields(line, ' ');
  if (words.size() >= 2 && words[1] == "UNKNOWN") return header;
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) {
    return fail(Errc::invalid, concat("not of a known form: \"", escaped(line), "\""));
  }
  const int family = words[1] == "TCP4" ? AF_INET : AF_INET6;
  auto client = endpoint_of(words[2], words[4], family);
  if (!client) return fail(client.error());
  auto server = endpoint_of(words[3], words[5], family);
  if (!server) return fail(server.error());
  header.client = *client;
  header.server = *server;
  return header;
}

Header parse_text(std::string_view bytes) {
  const auto end = bytes.substr(0, kLongestText).find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() < kLongestText) return std::nullopt;
    return fail(Errc::too_long, "the line does not end");
  }
  std::string_view line = bytes.substr(0, end);
  if (!line.ends_with('\r')) return fail(Errc::invalid, "the line does not end in CRLF");
  line.remove_suffix(1);
  return parse_words(line, end + 1);
}

unsigned word_at(const char* bytes) {
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[0])) << 8 |
         static_cast<unsigned char>(bytes[1]);
}

Header parse_addresses(unsigned kind, std::string_view body, std::size_t size) {
  ProxyHeader header;
  header.size = size;
  if ((kind & 0xf0) == 0x00) return header;  // of a kind that has no addresses here
  const bool is_v4 = kind == 0x11;
  if (!is_v4 && kind != 0x21) return fail(Errc::invalid, concat("not TCP over IPv4 or IPv6: kind ", kind));
  const std::size_t length = is_v4 ? 4 : 16;
  if (body.size() < 2 * length + 4) return fail(Errc::invalid, "too short for its addresses");
  const auto address_at = is_v4 ? &InetAddress::v4 : &InetAddress::v6;
  const char* ports = body.data() + 2 * length;
  header.client = Endpoint::of(address_at(body.data()), word_at(ports));
  header.server = Endpoint::of(address_at(body.data() + length), word_at(ports + 2));
  return header;
}

Header parse_binary(std::string_view bytes) {
  if (bytes.size() < kBinaryHead) return std::nullopt;
  const auto at = [bytes](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[i]));
  };
  const std::size_t size = kBinaryHead + word_at(bytes.data() + 14);
  if (size > kLongestProxyHeader) return fail(Errc::too_long, concat("of ", size, " bytes"));
  const unsigned command = at(12);
  if (command != 0x20 && command != 0x21) {
    return fail(Errc::invalid, concat("not of version 2, or an unknown command: ", command));
  }
  if (bytes.size() < size) return std::nullopt;
  ProxyHeader header;
  header.size = size;
  if (command == 0x20) return header;
  return parse_addresses(at(13), bytes.substr(kBinaryHead, size - kBinaryHead), size);
}

}  // namespace

Header parse_proxy_header(std::string_view bytes) {
  if (begins_like(bytes, kBinaryMark)) return parse_binary(bytes);
  if (begins_like(bytes, kTextMark)) return parse_text(bytes);
  return fail(Errc::invalid, concat("not a PROXY header: \"", escaped(bytes.substr(0, 40)), "\""));
}

}  // namespace postern::net
