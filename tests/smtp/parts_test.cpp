// The parts that decide without talking to anybody.
#include <doctest/doctest.h>

#include "smtp/destination.h"
#include "smtp/features.h"
#include "smtp/hosts.h"
#include "smtp/tls_policy.h"

using namespace postern;
using namespace postern::smtp;

TEST_CASE("destinations") {
  struct Case {
    const char* text;
    const char* host;
    unsigned port;
    bool has_exchangers;
  };
  const Case cases[] = {{"example.com", "example.com", 25, true},
                        {"example.com:587", "example.com", 587, true},
                        {"example.com:submission", "example.com", 587, true},
                        {"example.com.", "example.com", 25, true},
                        {"[mx.example.com]", "mx.example.com", 25, false},
                        {"[192.0.2.1]:2525", "192.0.2.1", 2525, false},
                        {"[2001:db8::1]:25", "2001:db8::1", 25, false},
                        {"[IPv6:2001:db8::1]", "2001:db8::1", 25, false}};
  for (const Case& one : cases) {
    CAPTURE(one.text);
    const auto all = parse_destinations(one.text, 25, Side::smtp);
    REQUIRE(all);
    REQUIRE(all->size() == 1);
    CHECK(all->front().text == one.text);
    CHECK(all->front().host == one.host);
    CHECK(all->front().port == one.port);
    CHECK(all->front().has_exchangers == one.has_exchangers);
  }
  for (const char* text : {"", " , ", "[mx", "[mx]25", "mx:nosuchservice", "mx:70000", ":25", "[]"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_destinations(text, 25, Side::smtp));
  }
  CHECK(parse_destinations("a.example, [b.example]:26", 25, Side::smtp)->size() == 2);
  CHECK(parse_destinations("unix:private/lmtp", 24, Side::lmtp)->front().is_unix);
  CHECK(parse_destinations("inet:host:2003", 24, Side::lmtp)->front().port == 2003);
  CHECK_FALSE(parse_destinations("unix:", 24, Side::lmtp));
}

TEST_CASE("keywords of EHLO") {
  wire::ReplyReader reader;
  for (const char* line :
       {"250-mx.example greets you", "250-SIZE 1000", "250-pipelining", "250-AUTH=PLAIN LOGIN",
        "250-AUTH CRAM-MD5", "250-XFORWARD NAME addr", "250-DSN", "250-", "250 8BITMIME"}) {
    REQUIRE(reader.add(line));
  }
  const auto can = read_features(reader.take(), keywords_of("dsn, silent-discard"));
  CHECK(can.name == "mx.example");
  CHECK(can.size_limit == 1000);
  CHECK(can.pipelining);
  CHECK(can.eight_bit);
  CHECK_FALSE(can.dsn);
  CHECK_FALSE(can.starttls);
  CHECK(can.mechanisms == std::vector<std::string>{"PLAIN", "LOGIN", "CRAM-MD5"});
  CHECK(can.xforward == std::vector<std::string>{"NAME", "ADDR"});
}

TEST_CASE("policies of TLS as tables have them") {
  const auto policy =
      parse_tls_policy("secure match=.example.com:mx.example.org ciphers=high protocols=!SSLv2:!SSLv3");
  REQUIRE(policy);
  CHECK(policy->level == TlsLevel::secure);
  CHECK(policy->match == ".example.com:mx.example.org");
  CHECK(policy->ciphers == "high");
  CHECK(policy->protocols == "!SSLv2 !SSLv3");
  CHECK(parse_tls_policy("fingerprint match=AA:BB match=CC:DD")->match == "AA:BB|CC:DD");
  CHECK(parse_tls_policy("may connection_reuse=yes")->reuse == true);
  CHECK(parse_tls_policy("DANE-ONLY")->level == TlsLevel::dane_only);
  CHECK(parse_tls_policy("none match=x color=red")->match.empty());
  for (const char* text : {"", "must", "encrypt match", "encrypt color=red", "may connection_reuse=perhaps",
                           "may match=mx.example", "encrypt match=mx.example", "dane match=mx.example",
                           "encrypt ciphers=high ciphers=medium"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_tls_policy(text));
  }
}

TEST_CASE("both families are among the hosts that are tried") {
  std::vector<Host> hosts;
  for (const char* text :
       {"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "192.0.2.1", "192.0.2.2"}) {
    Host host;
    host.endpoint = *net::Endpoint::parse(text, 25);
    host.address = text;
    hosts.push_back(host);
  }
  const auto text = [](const std::vector<Host>& all) {
    std::string out;
    for (const auto& host : all) out += host.address + " ";
    return out;
  };
  CHECK(text(balanced(hosts, 3)) == "2001:db8::1 192.0.2.1 192.0.2.2 ");
  CHECK(text(balanced(hosts, 5)) == "2001:db8::1 2001:db8::2 2001:db8::3 192.0.2.1 192.0.2.2 ");
  CHECK(balanced(hosts, 6).size() == 6);
  CHECK(balanced(hosts, 0).size() == 6);
}
