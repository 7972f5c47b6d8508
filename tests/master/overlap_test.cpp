#include "master/overlap.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::master;

namespace {

Address address_at(const std::string& host, unsigned port) {
  return {concat("inet:", host, ":", port), *net::Endpoint::parse(host, port)};
}

bool accepts_at(const Listener& listener, const std::string& host, unsigned port) {
  const auto to = *net::Endpoint::parse(host, port);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0);
  return static_cast<bool>(net::accept_from(listener.fd.get()));
}

}  // namespace

TEST_CASE("A wildcard overlaps with the addresses of its family and port, and nothing else does") {
  CHECK(overlap("inet:0.0.0.0:25", "inet:127.0.0.1:25"));
  CHECK(overlap("inet:[::1]:25", "inet:[::]:25"));
  CHECK_FALSE(overlap("inet:0.0.0.0:25", "inet:127.0.0.1:250"));
  CHECK_FALSE(overlap("inet:0.0.0.0:25", "inet:127.0.0.1:225"));
  CHECK_FALSE(overlap("inet:0.0.0.0:25", "inet:[::1]:25"));
  CHECK_FALSE(overlap("inet:0.0.0.0:25", "inet:0.0.0.0:25"));
  CHECK_FALSE(overlap("inet:127.0.0.2:25", "inet:127.0.0.1:25"));
  CHECK_FALSE(overlap("unix:private/0.0.0.0:25", "inet:127.0.0.1:25"));
}

TEST_CASE("A wildcard and an address of ours listen side by side, and the port stays closed to others") {
  const auto narrow = open_listener(address_at("127.0.0.1", 0), 5);
  REQUIRE(narrow);
  const unsigned port = net::local_endpoint(narrow->fd.get()).port();
  const Listener named{address_at("127.0.0.1", port).key, "", Fd(::dup(narrow->fd.get()))};
  CHECK_FALSE(open_listener(address_at("0.0.0.0", port), 5));
  const auto wide = open_beside(address_at("0.0.0.0", port), 5, {&named});
  REQUIRE(wide);
  CHECK(accepts_at(*narrow, "127.0.0.1", port));
  CHECK(accepts_at(*wide, "127.0.0.2", port));
  CHECK_FALSE(open_listener(address_at("0.0.0.0", port), 5));
  CHECK_FALSE(open_listener(address_at("127.0.0.3", port), 5));
}
