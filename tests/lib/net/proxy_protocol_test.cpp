#include "lib/net/proxy_protocol.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::net;

namespace {

// "[192.0.2.1]:4711 to [198.51.100.2]:25, 42 bytes", "itself, 16 bytes", "more", or what is wrong.
std::string reading_of(std::string_view bytes) {
  const auto header = parse_proxy_header(bytes);
  if (!header) return header.error().text;
  if (!*header) return "more";
  const ProxyHeader& found = **header;
  const std::string bytes_text = concat(", ", found.size, " bytes");
  if (found.client.length == 0) return concat("itself", bytes_text);
  return concat("[", found.client.address(), "]:", found.client.port(), " to [", found.server.address(),
                "]:", found.server.port(), bytes_text);
}

std::string binary(char command, char kind, std::string_view body) {
  std::string bytes("\r\n\r\n\0\r\nQUIT\n", 12);
  bytes += {command, kind, static_cast<char>(body.size() / 256), static_cast<char>(body.size() % 256)};
  return bytes.append(body);
}

}  // namespace

TEST_CASE("a proxy says in words whose connection it passes on") {
  const std::pair<std::string_view, std::string_view> readings[] = {
      {"PROXY TCP4 192.0.2.1 198.51.100.2 4711 25\r\n", "[192.0.2.1]:4711 to [198.51.100.2]:25, 43 bytes"},
      {"PROXY TCP4 192.0.2.1 198.51.100.2 4711 25\r\nEHLO",
       "[192.0.2.1]:4711 to [198.51.100.2]:25, 43 bytes"},
      {"PROXY TCP6 2001:db8::1 2001:db8::2 4711 25\r\n", "[2001:db8::1]:4711 to [2001:db8::2]:25, 44 bytes"},
      {"PROXY UNKNOWN\r\n", "itself, 15 bytes"},
      {"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", "itself, 43 bytes"},
      {"P", "more"},
      {"PROXY TCP4 192.0.2.1 198.51.100.2 4711 25\r", "more"},
      {"PROXY TCP4 192.0.2.1 198.51.100.2 4711 25\n", "the line does not end in CRLF"},
      {"PROXY TCP4 2001:db8::1 2001:db8::2 4711 25\r\n", "bad address \"2001:db8::1\""},
      {"PROXY TCP4 192.0.2.1 198.51.100.2 65536 25\r\n", "bad port \"65536\""},
      {"PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n",
       "not of a known form: \"PROXY TCP4 192.0.2.1 198.51.100.2 4711\""},
      {"PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n",
       "not of a known form: \"PROXY UDP4 192.0.2.1 198.51.100.2 1 2\""},
      {"EHLO client.example\r\n", "not a PROXY header: \"EHLO client.example\\r\\n\""},
  };
  for (const auto& [bytes, reading] : readings) CHECK(reading_of(bytes) == reading);
  CHECK(reading_of(concat("PROXY UNKNOWN ", std::string(100, 'x'))) == "the line does not end");
}

TEST_CASE("a proxy says in binary whose connection it passes on") {
  const std::string_view v4("\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x67\x00\x19", 12);
  const std::string v6 = concat(std::string(15, '\0'), "\1", std::string(15, '\0'), "\2", v4.substr(8));
  CHECK(reading_of(binary(0x21, 0x11, v4)) == "[192.0.2.1]:4711 to [198.51.100.2]:25, 28 bytes");
  CHECK(reading_of(binary(0x21, 0x11, concat(v4, "more that it says"))) ==
        "[192.0.2.1]:4711 to [198.51.100.2]:25, 45 bytes");
  CHECK(reading_of(binary(0x21, 0x21, v6)) == "[::1]:4711 to [::2]:25, 52 bytes");
  CHECK(reading_of(binary(0x20, 0x00, "")) == "itself, 16 bytes");
  CHECK(reading_of(binary(0x20, 0x11, v4)) == "itself, 28 bytes");
  CHECK(reading_of(binary(0x21, 0x00, "x")) == "itself, 17 bytes");
  CHECK(reading_of(binary(0x21, 0x11, v4.substr(1))) == "too short for its addresses");
  CHECK(reading_of(binary(0x21, 0x12, v4)) == "not TCP over IPv4 or IPv6: kind 18");
  CHECK(reading_of(binary(0x11, 0x11, v4)) == "not of version 2, or an unknown command: 17");
  CHECK(reading_of(binary(0x21, 0x11, std::string(5000, 'x'))) == "of 5016 bytes");
  const std::string whole = binary(0x21, 0x11, v4);
  for (std::size_t part = 1; part < whole.size(); ++part) CHECK(reading_of(whole.substr(0, part)) == "more");
}
