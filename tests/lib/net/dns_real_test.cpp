// The resolver against a real server: dnsmasq, where it is installed.
#include <doctest/doctest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "lib/base/exec.h"
#include "lib/net/dns.h"
#include "tests/lib/net/dns_server.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

namespace {

constexpr const char* kDnsmasq = "/usr/sbin/dnsmasq";

unsigned free_port() {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof any;
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&any), &length) == 0);
  return ntohs(any.sin_port);
}

// dnsmasq with these records and nothing else, until it is destroyed.
struct Dnsmasq {
  explicit Dnsmasq(std::vector<std::string> words) : port(free_port()) {
    const std::string own[] = {kDnsmasq,
                               "--keep-in-foreground",
                               "--conf-file=/dev/null",
                               "--no-resolv",
                               "--no-hosts",
                               "--pid-file=",
                               concat("--port=", port),
                               "--local=/test/",
                               "--user=root",
                               "--listen-address=127.0.0.1",
                               "--bind-interfaces"};
    words.insert(words.begin(), std::begin(own), std::end(own));
    if (::geteuid() != 0) std::erase(words, "--user=root");
    auto pointers = pointers_to(words);
    REQUIRE(::posix_spawn(&pid, kDnsmasq, nullptr, nullptr, pointers.data(), environ) == 0);
  }
  ~Dnsmasq() {
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
  }
  Dnsmasq(const Dnsmasq&) = delete;
  Dnsmasq& operator=(const Dnsmasq&) = delete;
  unsigned port;
  pid_t pid = 0;
};

}  // namespace

TEST_CASE("dnsmasq is understood" * doctest::skip(::access(kDnsmasq, X_OK) != 0)) {
  const Dnsmasq server({"--mx-host=one.test,mx.one.test,10", "--mx-host=one.test,mx2.one.test,20",
                        "--host-record=mx.one.test,127.0.0.2,fd00::2", "--cname=www.one.test,mx.one.test",
                        "--ptr-record=9.2.0.192.in-addr.arpa,nine.one.test",
                        "--txt-record=one.test,hello world,more",
                        concat("--dns-rr=_25._tcp.mx.one.test,52,030101", std::string(64, 'a')),
                        "--dns-rr=null.test,15,000000"});
  Loop loop;
  Dns::Options options;
  options.servers = {concat("127.0.0.1:", server.port)};
  options.hosts_file = false;
  options.timeout = milliseconds(200);
  options.tries = 6;  // it may not be there yet
  const auto dns = std::move(*Dns::make(loop, options));
  const auto limit = [&] { return loop.in(seconds(9)); };

  DnsAnswer<MxRecord> mx;
  const auto end = std::chrono::steady_clock::now() + seconds(9);
  while (mx.status == DnsStatus::try_again && std::chrono::steady_clock::now() < end) {
    mx = finish(loop, dns->mx("one.test", limit()));
  }
  REQUIRE(mx.records.size() == 2);
  CHECK(mx.records[0].preference + mx.records[1].preference == 30);
  CHECK(finish(loop, dns->mx("null.test", limit())).records.at(0).host.empty());
  CHECK(finish(loop, dns->mx("mx.one.test", limit())).status == DnsStatus::no_data);
  CHECK(finish(loop, dns->mx("none.test", limit())).status == DnsStatus::no_domain);
  const auto v4 = finish(loop, dns->addresses("www.one.test", Family::ipv4, limit()));
  CHECK(v4.name == "mx.one.test");
  CHECK(v4.records.at(0).address() == "127.0.0.2");
  CHECK(finish(loop, dns->addresses("mx.one.test", Family::ipv6, limit())).records.at(0).address() ==
        "fd00::2");
  const auto names = finish(loop, dns->names(*Endpoint::parse("192.0.2.9", 0), limit()));
  CHECK(names.records == std::vector<std::string>{"nine.one.test"});
  CHECK(finish(loop, dns->txt("one.test", limit())).records == std::vector<std::string>{"hello worldmore"});
  const auto tlsa = finish(loop, dns->tlsa("_25._tcp.mx.one.test", limit()));
  CHECK(tlsa.records.at(0).usage == 3);
  CHECK(tlsa.records.at(0).data == std::string(32, '\xaa'));
}
