#include "lib/base/inet_address.h"

#include <doctest/doctest.h>

#include <unordered_set>

using namespace postern;

namespace {

InetAddress at(std::string_view text) {
  const auto address = InetAddress::parse(text);
  REQUIRE_MESSAGE(address.has_value(), text);
  return *address;
}

}  // namespace

TEST_CASE("An address reads back as it is written for people, and one of IPv4 is one however it comes") {
  struct Row {
    std::string_view text, shown;
    bool is_v4, is_any;
  };
  for (const Row& row : {Row{"192.0.2.77", "192.0.2.77", true, false},
                         {"0.0.0.0", "0.0.0.0", true, true},
                         {"0.0.0.1", "0.0.0.1", true, false},
                         {"255.255.255.255", "255.255.255.255", true, false},
                         {"::ffff:192.0.2.77", "192.0.2.77", true, false},
                         {"::ffff:0:0", "0.0.0.0", true, true},
                         {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", false, false},
                         {"::1", "::1", false, false},
                         {"::", "::", false, true},
                         {"1::", "1::", false, false}}) {
    CAPTURE(row.text);
    const InetAddress address = at(row.text);
    CHECK(address.text() == row.shown);
    CHECK(address == at(row.shown));
    CHECK(address.is_v4() == row.is_v4);
    CHECK(address.is_any() == row.is_any);
    CHECK(address == (row.is_v4 ? InetAddress::v4(address.four()) : InetAddress::v6(address.bytes.data())));
  }
}

TEST_CASE("What is no address is none") {
  using namespace std::string_view_literals;
  for (const auto text : {""sv, "unknown"sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1 "sv, " 192.0.2.1"sv,
                          "1:2"sv, "::1%lo"sv, "[::1]"sv, "192.0.2.1\0"sv, "::1\0:2"sv, "1:2:3:4:5:6:7:8:9"sv,
                          "192.0.2.1192.0.2.1192.0.2.1192.0.2.1192.0.2.1192.0.2.1"sv}) {
    CAPTURE(text);
    CHECK_FALSE(InetAddress::parse(text));
  }
}

TEST_CASE("A network is an address without what is behind its bits") {
  struct Row {
    std::string_view address;
    int bits;
    std::string_view network;
  };
  for (const Row& row : {Row{"192.0.2.77", 24, "192.0.2.0"},
                         {"192.0.2.77", 32, "192.0.2.77"},
                         {"192.0.2.77", 25, "192.0.2.0"},
                         {"192.0.2.255", 31, "192.0.2.254"},
                         {"192.0.2.77", 3, "192.0.0.0"},
                         {"192.0.2.77", 0, "0.0.0.0"},
                         {"2001:db8:7:8::9", 48, "2001:db8:7::"},
                         {"2001:db8:7:8::9", 47, "2001:db8:6::"},
                         {"2001:db8:7:8::9", 128, "2001:db8:7:8::9"},
                         {"2001:db8:7:8::9", 0, "::"}}) {
    CAPTURE(row.address);
    CAPTURE(row.bits);
    CHECK(at(row.address).network(row.bits) == at(row.network));
  }
}

TEST_CASE("Hashes differ from one table to the next, and by both halves of an address") {
  const InetAddressHash one, other;
  const InetAddress address = at("2001:db8::1");
  CHECK(one(address) == one(address));
  CHECK(one(address) != other(address));
  std::unordered_set<std::size_t> seen;
  for (unsigned i = 0; i < 1000; ++i) {
    InetAddress low = address, high = address;
    low.bytes[14] = high.bytes[2] = static_cast<unsigned char>(i >> 8);
    low.bytes[15] = high.bytes[3] = static_cast<unsigned char>(i);
    seen.insert(one(low));
    high.bytes[7] = 1;
    seen.insert(one(high));
  }
  CHECK(seen.size() == 2000);
}
