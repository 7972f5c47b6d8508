#include "lib/table/resolve.h"

#include <doctest/doctest.h>

#include "tests/lib/table/answer.h"

using namespace postern;
using table::AddressClass;
using table::Resolver;

namespace {

config::HostFacts test_host() {
  config::HostFacts host;
  host.hostname = "mx.home.example";
  host.addresses = {{"127.0.0.1", 8}, {"192.0.2.1", 24}, {"2001:db8::1", 64}};
  return host;
}

Result<std::unique_ptr<Resolver>> open(const std::string& main_cf) {
  auto parsed = config::MainCf::parse(main_cf, "main.cf");
  REQUIRE(parsed);
  const config::Settings settings(std::move(*parsed), {}, test_host());
  return Resolver::open(settings, test_host());
}

std::unique_ptr<Resolver> resolver(const std::string& main_cf) {
  auto opened = open(main_cf);
  if (!opened) FAIL(opened.error().text);
  return std::move(*opened);
}

// "class transport:nexthop", or "error: TEXT".
std::string route(const Resolver& resolver, std::string_view address) {
  static constexpr std::string_view kNames[] = {"local", "alias", "virtual", "relay", "other"};
  const auto found = answer(resolver.route(address, ""));
  if (!found) return "error: " + found.error().text;
  return std::string(kNames[static_cast<int>(found->address_class)]) + " " + found->transport + ":" +
         found->nexthop;
}

const std::string kBase =
    "mydestination = $myhostname, localhost, home.example, both.example\n"
    "virtual_mailbox_domains = virtual.example, both.example\n"
    "virtual_alias_domains = alias.example\n"
    "relay_domains = relay.example\n"
    "local_recipient_maps =\n";

}  // namespace

TEST_CASE("each address class has its transport") {
  const auto plain = resolver(kBase);
  const auto relayed = resolver(kBase + "relayhost = [gw.example]:587\ndefault_transport = smtp\n");
  struct {
    std::string_view address, plain, relayed;
  } const cases[] = {
      {"ann@home.example", "local local:mx.home.example", "local local:mx.home.example"},
      {"ann@HOME.example.", "local local:mx.home.example", "local local:mx.home.example"},
      {"ann", "local local:mx.home.example", "local local:mx.home.example"},
      {"ann@[192.0.2.1]", "local local:mx.home.example", "local local:mx.home.example"},
      {"ann@[IPv6:2001:db8::1]", "local local:mx.home.example", "local local:mx.home.example"},
      {"ann@[192.0.2.2]", "other smtp:[192.0.2.2]", "other smtp:[gw.example]:587"},
      {"ann@both.example", "local local:mx.home.example", "local local:mx.home.example"},
      {"ann@virtual.example", "virtual virtual:virtual.example", "virtual virtual:virtual.example"},
      {"ann@Relay.example", "relay relay:relay.example", "relay relay:[gw.example]:587"},
      {"ann@sub.relay.example", "relay relay:sub.relay.example", "relay relay:[gw.example]:587"},
      {"ann@sub.home.example", "other smtp:sub.home.example", "other smtp:[gw.example]:587"},
      {"ann@Other.Example", "other smtp:other.example", "other smtp:[gw.example]:587"},
      {"ann@alias.example", "alias error:5.1.1 User unknown in virtual alias table",
       "alias error:5.1.1 User unknown in virtual alias table"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.address);
    CHECK(route(*plain, c.address) == c.plain);
    CHECK(route(*relayed, c.address) == c.relayed);
  }
}

TEST_CASE("an address without a domain is one of myorigin") {
  const auto elsewhere =
      resolver(kBase + "myorigin = Virtual.example\nvirtual_mailbox_maps = inline:{ann@virtual.example=x}\n");
  CHECK(route(*elsewhere, "ann") == "virtual virtual:virtual.example");
  const auto found = answer(elsewhere->route("ann", ""));
  REQUIRE(found);
  CHECK(found->recipient == "ann@Virtual.example");
  CHECK(answer(elsewhere->is_known("ann")) == true);
  CHECK(answer(elsewhere->is_known("bob")) == false);
  CHECK(answer(resolver(kBase + "myorigin = far.example\n")->class_of("")) == AddressClass::other);
}

TEST_CASE("the nexthop of a transport parameter comes before the domain and relayhost") {
  const auto own = resolver(kBase +
                            "relayhost = gw.example\nrelay_transport = lmtp:unix:private/dovecot\n"
                            "virtual_transport = discard:\nlocal_transport = error:no mail here\n"
                            "default_transport = smtp:[out.example]\nshow_user_unknown_table_name = no\n");
  CHECK(route(*own, "a@relay.example") == "relay lmtp:unix:private/dovecot");
  CHECK(route(*own, "a@virtual.example") == "virtual discard:virtual.example");
  CHECK(route(*own, "a@home.example") == "local error:no mail here");
  CHECK(route(*own, "a@other.example") == "other smtp:[out.example]");
  CHECK(route(*own, "a@alias.example") == "alias error:5.1.1 User unknown");
}

TEST_CASE("transport_maps overrides by address, domain and parent, part by part") {
  const auto own = resolver(
      kBase +
      "recipient_delimiter = +\nrelayhost = gw.example\n"
      "transport_maps = inline:{ bob@other.example=slow:, other.example=smtp:[mx.other.example]:2525,\n"
      "  .parent.example=:inner.example, a.parent.example=:, {home.example=discard:gone today},\n"
      "  { err.example = error:5.7.1 not wanted: here }, ann+x@other.example=x:y, bare.example=lmtp, *=star: "
      "}\n");
  struct {
    std::string_view address, route;
  } const cases[] = {
      {"bob@other.example", "other slow:other.example"},
      {"bob+list@Other.Example", "other slow:other.example"},
      {"ann@other.example", "other smtp:[mx.other.example]:2525"},
      {"ann+x@other.example", "other x:y"},
      {"z@b.c.parent.example", "other smtp:inner.example"},
      {"z@a.parent.example", "other smtp:gw.example"},
      {"z@parent.example", "other star:parent.example"},
      {"z@home.example", "local discard:gone today"},
      {"z@err.example", "other error:5.7.1 not wanted: here"},
      {"z@bare.example", "other lmtp:bare.example"},
      {"z@alias.example", "alias error:5.1.1 User unknown in virtual alias table"},
      {"z", "local star:mx.home.example"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.address);
    CHECK(route(*own, c.address) == c.route);
  }
}

TEST_CASE("subdomains of a transport key follow parent_domain_matches_subdomains") {
  const auto own = resolver(kBase +
                            "parent_domain_matches_subdomains = transport_maps\n"
                            "transport_maps = inline:{ other.example=t:n, .dot.example=t:n }\n");
  CHECK(route(*own, "a@b.other.example") == "other t:n");
  CHECK(route(*own, "a@b.dot.example") == "other smtp:b.dot.example");
  CHECK(route(*own, "a@b.relay.example") == "other smtp:b.relay.example");
}

TEST_CASE("the recipient is complete") {
  const auto own = resolver(kBase);
  CHECK(answer(own->route("ann", ""))->recipient == "ann@mx.home.example");
  CHECK(answer(own->route("Ann+x@Home.example", ""))->recipient == "Ann+x@Home.example");
}

TEST_CASE("recipients are known by the tables of their class") {
  const auto own = resolver(
      "mydestination = home.example\nvirtual_mailbox_domains = virtual.example\n"
      "virtual_alias_domains = alias.example\nrelay_domains = relay.example\nrecipient_delimiter = +\n"
      "local_recipient_maps = inline:{ann=x, eve@home.example=x}\n"
      "virtual_alias_maps = inline:{a@alias.example=x, info@virtual.example=x, everybody=x}\n"
      "virtual_mailbox_maps = inline:{bob@virtual.example=bob/}\n"
      "relay_recipient_maps = inline:{@sub.relay.example=x}\n");
  struct {
    std::string_view address;
    bool known;
  } const cases[] = {
      {"ann@home.example", true},
      {"Ann+list@home.example", true},
      {"eve@home.example", true},
      {"ann", true},
      {"bob@home.example", false},
      {"everybody@home.example", true},
      {"everybody@virtual.example", false},
      {"Postmaster@home.example", true},
      {"postmaster@virtual.example", false},
      {"bob+x@virtual.example", true},
      {"info@virtual.example", true},
      {"ann@virtual.example", false},
      {"a@alias.example", true},
      {"b@alias.example", false},
      {"x@sub.relay.example", true},
      {"x@relay.example", false},
      {"x@other.example", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.address);
    CHECK(answer(own->is_known(c.address)).value() == c.known);
  }
  CHECK(answer(resolver(kBase)->is_known("x@virtual.example")).value());
  CHECK(answer(resolver(kBase)->is_known("x@relay.example")).value());
}

TEST_CASE("by default the users of the host are the local recipients, whatever alias_maps is") {
  const auto own = resolver("mydestination = home.example\nalias_maps = hash:/etc/aliases\n");
  CHECK(answer(own->is_known("root@home.example")).value());
  CHECK_FALSE(answer(own->is_known("no-such-user-here@home.example")).value());
}

TEST_CASE("a table that fails is a temporary failure of the question") {
  const auto own = resolver(
      "mydestination = home.example\nrelay_domains = fail:down\nlocal_recipient_maps = fail:gone\n"
      "transport_maps = inline:{home.example=:}, fail:lost\n");
  CHECK(answer(own->class_of("home.example")).value() == AddressClass::local);
  CHECK(answer(own->class_of("other.example")).error().text ==
        "fail:down lookup error for \"other.example\": down");
  CHECK(route(*own, "ann@other.example") == "error: fail:down lookup error for \"other.example\": down");
  CHECK(route(*own, "ann@home.example") == "error: fail:lost lookup error for \"ann@home.example\": lost");
  CHECK(answer(own->is_known("ann@home.example")).error().text ==
        "fail:lost lookup error for \"ann@home.example\": lost");
  CHECK(answer(resolver("mydestination = home.example\nlocal_recipient_maps = fail:gone\n")
                   ->is_known("ann@home.example"))
            .error()
            .text == "fail:gone lookup error for \"ann@home.example\": gone");
}

TEST_CASE("what is routed through a domain of ours goes to where it points") {
  const auto usual = resolver(kBase + "myorigin = home.example\n");
  const auto strict =
      resolver(kBase +
               "myorigin = home.example\nswap_bangpath = no\nallow_percent_hack = no\n"
               "resolve_dequoted_address = no\nresolve_null_domain = yes\n"
               "resolve_numeric_domain = yes\nallow_min_user = yes\nappend_dot_mydomain = yes\n"
               "mydomain = home.example\nempty_address_recipient = nobody\n");
  const std::string bad = "error:5.1.3 bad address syntax ";
  struct {
    std::string_view address;
    std::string usual, strict;
  } const cases[] = {
      {"ann%far.example@home.example", "smtp:far.example ann@far.example",
       "local:mx.home.example ann%far.example@home.example"},
      {"far.example!ann@home.example", "smtp:far.example ann@far.example",
       "local:mx.home.example far.example!ann@home.example"},
      {"ann@far.example@home.example", "smtp:far.example ann@far.example",
       "local:mx.home.example ann@far.example@home.example"},
      {"ann@home.example@localhost", "local:mx.home.example ann@home.example",
       "smtp:localhost.home.example ann@home.example@localhost.home.example"},
      {"a b%far.example@home.example", "smtp:far.example a b@far.example",
       "local:mx.home.example a b%far.example@home.example"},
      {"ann%far.example@other.example", "smtp:other.example ann%far.example@other.example",
       "smtp:other.example ann%far.example@other.example"},
      {"ann%x.example%home.example@localhost", "smtp:x.example ann@x.example",
       "smtp:localhost.home.example ann%x.example%home.example@localhost.home.example"},
      {"@home.example", "local:mx.home.example MAILER-DAEMON@home.example",
       "local:mx.home.example nobody@home.example"},
      {"", "local:mx.home.example MAILER-DAEMON@home.example", "local:mx.home.example nobody@home.example"},
      {"ann@", bad + "ann@", "local:mx.home.example ann@home.example"},
      {"ann@192.0.2.9", bad + "ann@192.0.2.9", "smtp:[192.0.2.9] ann@[192.0.2.9]"},
      {"ann@2001:db8::9", bad + "ann@2001:db8::9", bad + "ann@2001:db8::9.home.example"},
      {"ann@192.0.2", bad + "ann@192.0.2", bad + "ann@192.0.2"},
      {"ann@[192.0.2.999]", bad + "ann@[192.0.2.999]", bad + "ann@[192.0.2.999]"},
      {"ann@-bad.example", bad + "ann@-bad.example", bad + "ann@-bad.example"},
      {"ann@two..example", bad + "ann@two..example", bad + "ann@two..example"},
      {"-ann@far.example", bad + "-ann@far.example", "smtp:far.example -ann@far.example"},
      {"ann@host", "smtp:host ann@host", "smtp:host.home.example ann@host.home.example"},
      {"ann@far.example.", "smtp:far.example ann@far.example", "smtp:far.example ann@far.example"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.address);
    const auto text = [&](const Resolver& own) {
      const auto found = answer(own.route(c.address, "")).value();
      return found.transport + ":" + found.nexthop + " " + found.recipient;
    };
    CHECK(text(*usual) == c.usual);
    CHECK(text(*strict) == c.strict);
  }
}

TEST_CASE("an address that is routed through itself for ever comes to an end") {
  const auto own = resolver(kBase + "empty_address_recipient = @home.example\n");
  CHECK(answer(own->route("@home.example", "")).has_value());
  std::string nested = "ann";
  for (int n = 0; n < 200; ++n) nested += "@home.example";
  CHECK(answer(own->route(nested, ""))->recipient == "ann@home.example");
}

TEST_CASE("transport and relay host depend on the sender") {
  const auto own = resolver(kBase +
                            "relayhost = gw.example\ndefault_transport = smtp\nrecipient_delimiter = +\n"
                            "sender_dependent_relayhost_maps = inline:{ ann@s.example=[a.gw]:587, "
                            "@s.example=s.gw, bob@s.example=DUNNO,\n"
                            "  <>=null.gw, boss=boss.gw }\n"
                            "sender_dependent_default_transport_maps = inline:{ ann@s.example=slow, "
                            "@t.example=via:[t.gw], <>=nul:,\n"
                            "  x@t.example=dunno }\n");
  struct {
    std::string_view sender, other, relay;
  } const cases[] = {
      {"zed@z.example", "smtp:gw.example", "relay:gw.example"},
      {"ann@s.example", "slow:[a.gw]:587", "relay:[a.gw]:587"},
      {"Ann+x@S.example", "slow:[a.gw]:587", "relay:[a.gw]:587"},
      {"eve@s.example", "smtp:s.gw", "relay:s.gw"},
      {"bob@s.example", "smtp:gw.example", "relay:gw.example"},
      {"y@t.example", "via:[t.gw]", "relay:gw.example"},
      {"x@t.example", "smtp:gw.example", "relay:gw.example"},
      {"", "nul:null.gw", "relay:null.gw"},
      {"boss@home.example", "smtp:boss.gw", "relay:boss.gw"},
      {"boss@z.example", "smtp:gw.example", "relay:gw.example"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.sender);
    const auto text = [&](std::string_view recipient) {
      const auto found = answer(own->route(recipient, c.sender)).value();
      return found.transport + ":" + found.nexthop;
    };
    CHECK(text("r@other.example") == c.other);
    CHECK(text("r@relay.example") == c.relay);
    CHECK(text("r@home.example") == "local:mx.home.example");
  }
}

TEST_CASE("mail for an address that moved says where to, whatever its class") {
  const std::string maps =
      "recipient_delimiter = +\nmyorigin = home.example\n"
      "relocated_maps = inline:{ {ann@other.example=ann@new.example}, {bob=Bob, Main Street 1}, "
      "@gone.example=nowhere }\n";
  const auto own = resolver(kBase + maps);
  CHECK(route(*own, "ann+x@other.example") == "other error:5.1.6 User has moved to ann@new.example");
  CHECK(route(*own, "bob@home.example") == "local error:5.1.6 User has moved to Bob, Main Street 1");
  CHECK(route(*own, "bob@other.example") == "other smtp:other.example");
  CHECK(route(*own, "any@gone.example") == "other error:5.1.6 User has moved to nowhere");
  const auto bare = resolver(kBase + maps + "relocated_prefix_enable = no\n");
  CHECK(route(*bare, "any@gone.example") == "other error:nowhere");
}

TEST_CASE("an error transport without text has one") {
  const auto own = resolver(
      kBase + "transport_maps = inline:{ {e.example=error:}, {r.example=retry}, d.example=discard }\n");
  CHECK(route(*own, "a@e.example") == "other error:Address is undeliverable");
  CHECK(route(*own, "a@r.example") == "other retry:Address is undeliverable");
  CHECK(route(*own, "a@d.example") == "other discard:d.example");
}

TEST_CASE("recipients that tables rewrite are known, those routed to an error are not") {
  const auto own = resolver(
      "mydestination = home.example\nvirtual_alias_domains = alias.example\nlocal_recipient_maps = "
      "inline:{ann=x}\n"
      "canonical_maps = inline:{ c@alias.example=ann, everywhere=ann }\n"
      "recipient_canonical_maps = inline:{ r@home.example=ann }\n"
      "sender_canonical_maps = inline:{ s@home.example=ann }\n"
      "relocated_maps = inline:{ m@home.example=there, r@home.example=there }\n"
      "transport_maps = inline:{ {bad.example=error:5.7.1 not wanted} }\n");
  const auto look = [&](std::string_view address, Resolver::Side side = Resolver::Side::recipient) {
    const auto listing = answer(own->look_up(address, "", side)).value();
    return listing.known ? std::string("known") : listing.transport + ":" + listing.text;
  };
  CHECK(look("c@alias.example") == "known");
  CHECK(look("d@alias.example") == "error:5.1.1 User unknown in virtual alias table");
  CHECK(look("everywhere@home.example") == "known");
  CHECK(look("everywhere@alias.example") == "error:5.1.1 User unknown in virtual alias table");
  CHECK(look("r@home.example") == "known");
  CHECK(look("s@home.example") == ":");
  CHECK(look("s@home.example", Resolver::Side::sender) == "known");
  CHECK(look("m@home.example") == "error:5.1.6 User has moved to there");
  CHECK(look("x@bad.example") == "error:5.7.1 not wanted");
  CHECK(look("MAILER-DAEMON@home.example") == "known");
  CHECK(look("double-bounce@home.example") == "known");
}

TEST_CASE("a parameter that cannot be used is named") {
  CHECK(open("transport_maps = inline:{a\n").error().text.starts_with("transport_maps: missing '}'"));
}
