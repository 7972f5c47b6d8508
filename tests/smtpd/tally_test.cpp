#include "smtpd/tally.h"

#include <doctest/doctest.h>

#include "smtpd/peer.h"

using namespace postern;
using namespace postern::smtpd;

TEST_CASE("the tally names each verb that was met, in one order") {
  Tally tally;
  CHECK(tally.text() == " commands=0/0");
  for (const Verb verb : {Verb::quit, Verb::ehlo, Verb::rcpt, Verb::rcpt}) tally.met(verb);
  for (const Verb verb : {Verb::quit, Verb::ehlo, Verb::rcpt}) tally.obeyed(verb);
  CHECK(tally.text() == " ehlo=1 rcpt=1/2 quit=1 commands=3/4");
}

TEST_CASE("host names come from the first word behind an address") {
  const HostNames names(
      "# comment\n127.0.0.1\tlocalhost lo # more\n::1 ip6-localhost\n0:0::2 two\nbad line\n127.0.0.1 "
      "other\n192.0.2.1\n");
  CHECK(names.name_of("127.0.0.1") == "localhost");
  CHECK(names.name_of("::1") == "ip6-localhost");
  CHECK(names.name_of("::2") == "two");
  CHECK(names.name_of("192.0.2.1") == "unknown");
}

TEST_CASE("a peer shows itself as name[address]") {
  const Peer peer("mx.example", "2001:db8::1", 65535);
  CHECK(peer.text() == "mx.example[2001:db8::1]");
  CHECK(peer.name() == "mx.example");
  CHECK(peer.address() == "2001:db8::1");
  CHECK(peer.port() == 65535);
}
