#include "lib/mail/completion.h"

#include <doctest/doctest.h>

using namespace postern;
using mail::Completion;

TEST_CASE("An address is completed as the parameters say") {
  const Completion both{"origin.example", "my.example"};
  const Completion none{"", "", false, false};
  struct {
    std::string_view address, both, none;
  } const cases[] = {
      {"", "", ""},
      {"@", "", ""},
      {"ann", "ann@origin.example", "ann"},
      {"ann@host", "ann@host.my.example", "ann@host"},
      {"ann@host.example", "ann@host.example", "ann@host.example"},
      {"ann@host.example.", "ann@host.example", "ann@host.example"},
      {"ann@host.", "ann@host", "ann@host"},
      {"ann@host..", "ann@host..", "ann@host.."},
      {"ann@.", "ann@.", "ann@."},
      {"ann@", "ann@", "ann@"},
      {"ann@[192.0.2.1]", "ann@[192.0.2.1]", "ann@[192.0.2.1]"},
      {"ann@[IPv6:::1]", "ann@[IPv6:::1]", "ann@[IPv6:::1]"},
      {"ann%site.example", "ann@site.example", "ann%site.example"},
      {"ann%b%site", "ann%b@site.my.example", "ann%b%site"},
      {"ann%b@site.example", "ann%b@site.example", "ann%b@site.example"},
      {"site!ann", "ann@site.my.example", "site!ann"},
      {"one!two!ann", "two!ann@one.my.example", "one!two!ann"},
      {"one!ann%two", "ann%two@one.my.example", "one!ann%two"},
      {"a b%c", "a b%c@origin.example", "a b%c"},
      {"a..b%c", "a..b%c@origin.example", "a..b%c"},
      {"a@b@c.example", "a@b@c.example", "a@b@c.example"},
      {"a b", "a b@origin.example", "a b"},
      {"jos\xc3\xa9%c.example", "jos\xc3\xa9@c.example", "jos\xc3\xa9%c.example"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.address);
    CHECK(mail::complete(c.address, both) == c.both);
    CHECK(mail::complete(c.address, none) == c.none);
    // What needs nothing is left as it is; what is complete stays complete.
    if (mail::is_complete(c.address)) CHECK(mail::complete(c.address, both) == c.address);
  }
  CHECK(mail::is_complete("ann@host.example"));
  CHECK_FALSE(mail::is_complete("ann"));
  CHECK_FALSE(mail::is_complete("ann@host"));
  CHECK_FALSE(mail::is_complete("ann@host.example."));
}

TEST_CASE("An origin without a dot gets the domain too") {
  CHECK(mail::complete("ann", {"host", "my.example"}) == "ann@host.my.example");
  CHECK(mail::complete("ann", {"host", ""}) == "ann@host");
}
