// The resolver against a real server: dnsmasq, where it is installed.
#include <doctest/doctest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <random>

#include "lib/base/exec.h"
#include "lib/net/dns.h"
#include "tests/lib/net/dns_server.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

namespace {

constexpr const char* kDnsmasq = "/usr/sbin/dnsmasq";

bool takes_connections(unsigned port) {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto to = *Endpoint::parse("127.0.0.1", port);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0;
}

// dnsmasq with these records and nothing else, until it is destroyed. Others may be faster to take a port: then on
// another one.
struct Dnsmasq {
  explicit Dnsmasq(const std::vector<std::string>& records) {
    std::random_device chance;
    for (int attempt = 0; attempt < 20 && pid == 0; ++attempt) {
      port = 10000 + chance() % 20000;
      if (!takes_connections(port)) start(records);
    }
    REQUIRE(pid != 0);
  }
  ~Dnsmasq() {
    if (pid == 0) return;
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
  }
  Dnsmasq(const Dnsmasq&) = delete;
  Dnsmasq& operator=(const Dnsmasq&) = delete;

  void start(const std::vector<std::string>& records) {
    std::vector<std::string> words = {kDnsmasq,
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
    words.insert(words.end(), records.begin(), records.end());
    if (::geteuid() != 0) std::erase(words, "--user=root");
    auto pointers = pointers_to(words);
    REQUIRE(::posix_spawn(&pid, kDnsmasq, nullptr, nullptr, pointers.data(), environ) == 0);
    while (!takes_connections(port)) {
      if (::waitpid(pid, nullptr, WNOHANG) == pid) {
        pid = 0;
        return;
      }
      std::this_thread::yield();
    }
  }
  unsigned port = 0;
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
  const auto dns = std::move(*Dns::make(loop, options));
  const auto limit = [&] { return loop.in(seconds(9)); };

  const auto mx = finish(loop, dns->mx("one.test", limit()));
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
