#include <doctest/doctest.h>

#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("table types") {
  const std::vector<Case> cases{
      {"virtual_alias_maps = nosuch:thing\n",
       {"error main.cf:1 virtual_alias_maps: unknown table type: nosuch (in \"nosuch:thing\")"}},
      {"smtpd_sender_login_maps = hsah:/etc/x\n",
       {"warning main.cf:1 smtpd_sender_login_maps: unknown table type: hsah (in \"hsah:/etc/x\"): did you "
        "mean "
        "hash?"}},
      {"virtual_alias_maps = thing\n",
       {"error main.cf:1 virtual_alias_maps: bad table name \"thing\": expected type:name"}},
      {"virtual_alias_maps = nis:aliases\n",
       {"error main.cf:1 virtual_alias_maps: unsupported table type: nis (in \"nis:aliases\")"}},
      {"smtpd_sender_login_maps = nis:aliases\n", {}},
      {"virtual_alias_maps = tcp:localhost:99, socketmap:unix:/x:y, debug:static:a\n", {}},
      {"virtual_alias_maps = tcp:localhost\n",
       {"error main.cf:1 virtual_alias_maps: tcp:localhost: bad server \"localhost\": expected unix:path or "
        "inet:host:port"}},
      {"virtual_alias_maps = inline:{a\n",
       {"error main.cf:1 virtual_alias_maps: missing '}' in \"inline:{a\""}},
      {"virtual_alias_maps = inline:{a}\n",
       {"error main.cf:1 virtual_alias_maps: inline:{a}: missing '=' in \"a\""}},
      {"mydestination = $myhostname, !static:y, nosuch:x\n",
       {"error main.cf:1 mydestination: unknown table type: nosuch (in \"nosuch:x\")"}},
      {"mydestination = a, !\n", {"error main.cf:1 mydestination: no pattern after '!'"}},
      {"debug_peer_list = ::1 [::1]\nfast_flush_domains = ::1\n", {}},
  };
  check_cases(System(), cases);
}

TEST_CASE("files of tables") {
  const System system;
  const auto bad = system.write("bad", "key\n");
  const auto good = system.write("good", "key value\n");
  const std::vector<Case> cases{
      {"virtual_alias_maps = texthash:/nonexistent\n",
       {"warning main.cf:1 virtual_alias_maps: open /nonexistent: No such file or directory"}},
      {"sender_canonical_maps = proxy:hash:/nonexistent\n",
       {"warning main.cf:1 sender_canonical_maps: open /nonexistent: No such file or directory"}},
      {"header_checks = regexp:/nonexistent\n",
       {"warning main.cf:1 header_checks: open /nonexistent: No such file or directory"}},
      {"relay_domains = /nonexistent\n",
       {"warning main.cf:1 relay_domains: open /nonexistent: No such file or directory"}},
      {"smtpd_client_restrictions = check_client_access cidr:/nonexistent\n",
       {"warning main.cf:1 smtpd_client_restrictions: open /nonexistent: No such file or directory"}},
  };
  check_cases(system, cases);
  CHECK(system.judge(concat("virtual_alias_maps = texthash:", good, "\n")) == Lines{});
  CHECK(system.judge(concat("virtual_alias_maps = texthash:", bad, "\n")) ==
        Lines{"warning main.cf:1 virtual_alias_maps: DIR/bad, line 1: expected format: key whitespace value "
              "-- ignoring this line"});
}

TEST_CASE("tables stand where they are written, not where they are referred to") {
  const std::vector<Case> cases{
      {"virtual_alias_maps = texthash:/nonexistent\nvirtual_alias_domains = $virtual_alias_maps\n",
       {"warning main.cf:1 virtual_alias_maps: open /nonexistent: No such file or directory"}},
      {"virtual_alias_maps = ${mine}/x\nmine = texthash:/nonexistent\n",
       {"warning main.cf:1 virtual_alias_maps: open /nonexistent/x: No such file or directory"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("alias tables of a type that is not supported are left out") {
  const System system;
  const auto aliases = system.write("aliases", "");
  CHECK(system.judge(concat("alias_maps = hash:", aliases, ", nis:x\n")) ==
        Lines{"warning main.cf:1 alias_maps: open database DIR/aliases.db: No such file or directory; using "
              "DIR/aliases "
              "itself. Run postmap hash:DIR/aliases",
              "warning main.cf:1 alias_maps: unsupported table type: nis (in \"nis:x\")"});
}

TEST_CASE("keys that a table has twice, said once") {
  const System system;
  const auto file = system.write("twice", "a smtp:\nb smtp:\na smtp:\n");
  CHECK(system.judge(concat("transport_maps = texthash:", file, "\n")) ==
        Lines{"warning main.cf:1 transport_maps: DIR/twice, line 3: duplicate entry: \"a\""});
}

TEST_CASE("passwords that everybody may read") {
  const System system;
  const auto open = system.write("open", "a b\n", 0644);
  const auto closed = system.write("closed", "a b\n", 0600);
  CHECK(system.judge(concat("smtp_sasl_password_maps = texthash:", open, "\n")) ==
        Lines{"warning main.cf:1 smtp_sasl_password_maps: DIR/open: everybody may read these passwords: "
              "chmod o-r "
              "DIR/open"});
  CHECK(system.judge(concat("smtp_sasl_password_maps = texthash:", closed, "\n")) == Lines{});
}
