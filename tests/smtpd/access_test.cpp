#include "smtpd/access.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::smtpd;
using Keys = std::vector<std::string>;

TEST_CASE("a host is looked up by its name and the domains above it") {
  CHECK(host_keys("a.b.example", Parents::plain) == Keys{"a.b.example", "b.example", "example"});
  CHECK(host_keys("a.b.example", Parents::dotted) == Keys{"a.b.example", ".b.example", ".example"});
  CHECK(host_keys("host.", Parents::plain) == Keys{"host"});
  CHECK(host_keys("a..b.", Parents::plain) == Keys{"a..b", ".b"});
  std::string deep = "x";
  for (int i = 0; i < 120; ++i) deep += ".x";
  CHECK(host_keys(deep, Parents::plain).size() == 21);
}

TEST_CASE("a client is looked up by name, address and the networks around it") {
  CHECK(client_keys("unknown", "192.0.2.1", Parents::plain) ==
        Keys{"unknown", "192.0.2.1", "192.0.2", "192.0", "192"});
  CHECK(client_keys("unknown", "2001:db8::1", Parents::plain) ==
        Keys{"unknown", "2001:db8::1", "2001:db8", "2001"});
}

TEST_CASE("an address is looked up with and without its extension, by domain and by user") {
  CHECK(address_keys(mail::from_internal("a+b@c.example"), "+", Parents::plain) ==
        Keys{"a+b@c.example", "a@c.example", "c.example", "example", "a+b@", "a@"});
  CHECK(address_keys(mail::from_internal("a"), "+", Parents::plain) == Keys{"a@"});
  CHECK(address_keys(mail::Address(), "+", Parents::plain) == Keys{"<>"});
}

TEST_CASE("the actions of an access table") {
  const struct {
    std::string_view value;
    Action::Kind kind;
    std::string_view reply;
  } cases[] = {
      {"OK", Action::Kind::permit, ""},
      {"ok", Action::Kind::permit, ""},
      {"1234", Action::Kind::permit, ""},
      {"DUNNO", Action::Kind::dunno, ""},
      {"REJECT", Action::Kind::refuse, "554 5.7.1 Access denied"},
      {"REJECT  go away ", Action::Kind::refuse, "554 5.7.1 go away"},
      {"REJECT 5.1.8 go away", Action::Kind::refuse, "554 5.1.8 go away"},
      {"DEFER", Action::Kind::refuse, "450 4.7.1 Access denied"},
      {"450 4.7.9 soon", Action::Kind::refuse, "450 4.7.9 soon"},
      {"550 4.7.9 never", Action::Kind::refuse, "550 5.7.9 never"},
      {"permit_mynetworks", Action::Kind::another, ""},
      {"DISCARD", Action::Kind::unknown, ""},
      {"", Action::Kind::unknown, ""},
  };
  for (const auto& [value, kind, reply] : cases) {
    const auto& text = value;  // clang 14 cannot capture a binding
    CAPTURE(text);
    const Action action = parse_action(value, 554, 450);
    CHECK(action.kind == kind);
    if (kind == Action::Kind::refuse) CHECK(action.status.reply() == reply);
  }
}
