#include "master/endpoint.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "master/configuration.h"

using namespace postern;
using namespace postern::master;

namespace {

std::string keys(const Result<std::vector<Address>>& addresses) {
  if (!addresses) return "error: " + addresses.error().text;
  std::string all;
  for (const Address& address : *addresses) all += concat(all.empty() ? "" : " ", address.key);
  return all;
}

}  // namespace

TEST_CASE("where inet services listen") {
  const Interfaces all{{"all"}, true, true}, loopback{{"loopback-only"}, true, true},
      v4{{"all"}, true, false}, listed{{"127.0.0.1", "[::1]", "127.0.0.1"}, true, true};
  CHECK(keys(inet_addresses("smtp", all)) == "inet:0.0.0.0:25 inet:[::]:25");
  CHECK(keys(inet_addresses("25", v4)) == "inet:0.0.0.0:25");
  CHECK(keys(inet_addresses("submission", loopback)) == "inet:127.0.0.1:587 inet:[::1]:587");
  CHECK(keys(inet_addresses("2525", listed)) == "inet:127.0.0.1:2525 inet:[::1]:2525");
  CHECK(keys(inet_addresses("192.0.2.1:10025", loopback)) == "inet:192.0.2.1:10025");
  CHECK(keys(inet_addresses("[2001:db8::1]:submissions", all)) == "inet:[2001:db8::1]:465");
}

TEST_CASE("inet names that mean nothing are refused") {
  const Interfaces v4{{"all"}, true, false};
  for (const char* name : {"", "*:25", "[::1]", "[]:25", ":25", "::1:25", "host:", "0", "65536",
                           "no-such-service", "[2001:db8::1]:25", "-1"}) {
    CHECK_MESSAGE(!inet_addresses(name, v4), name);
  }
}

TEST_CASE("protocols choose the families") {
  CHECK(interfaces_from({"all"}, {"ipv4"})->ipv6 == false);
  CHECK(interfaces_from({"all"}, {"ipv4"})->ipv4 == true);
  CHECK(interfaces_from({"all"}, {"ipv6"})->ipv4 == false);
  CHECK(interfaces_from({"all"}, {"all"})->ipv4 == true);
  CHECK(interfaces_from({"all"}, {"ipv5"}).error().text.find("ipv5") != std::string::npos);
}

TEST_CASE("paths stay below public and private") {
  CHECK(path_address("qmgr", Type::unix, false)->key == "unix:public/qmgr");
  CHECK(path_address("rewrite", Type::fifo, true)->key == "fifo:private/rewrite");
  CHECK(path_address("smtpd", Type::pass, true)->key == "pass:private/smtpd");
  CHECK(path_address("postlog", Type::unix_dgram, false)->key == "unix-dgram:public/postlog");
  CHECK(!path_address("../pid/x", Type::unix, true));
  CHECK(!path_address("/etc/x", Type::unix, true));
  CHECK(!path_address("", Type::unix, true));
  CHECK(!path_address(std::string(200, 'x'), Type::unix, true));
}
