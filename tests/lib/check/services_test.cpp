#include <unistd.h>

#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("programs that are not there") {
  const std::vector<Case> cases{
      {"x unix - - n - - nosuch\n",
       {"warning master.cf:9 service x: cannot run: DIR/programs/nosuch: No such file or directory"}},
      {"x unix - - n - - smptd\n",
       {"warning master.cf:9 service x: cannot run: DIR/programs/smptd: No such file or directory: did you "
        "mean smtpd?"}},
  };
  check_entries(System(), cases);
  CHECK(
      System().notes(
          "", concat(kGoodServices, "rewrite unix - - n - - trivial-rewrite\nx unix - - n - - bounce\n")) ==
      Lines{
          "note master.cf:9 service rewrite: program trivial-rewrite is not needed: smtpd, cleanup and qmgr "
          "resolve and rewrite addresses themselves",
          "note master.cf:10 service x: not started: program DIR/programs/bounce is not there"});
}

TEST_CASE("programs that are there but cannot run") {
  const System system;
  system.write("programs/text", "no program\n", 0644);
  system.write("programs/folder/file", "");
  system.write("programs/lmtp", "known, but not executable\n", 0644);
  const std::vector<Case> cases{
      {"x unix - - n - - text\n",
       {"warning master.cf:9 service x: cannot run: DIR/programs/text: Permission denied"}},
      {"x unix - - n - - folder\n",
       {"warning master.cf:9 service x: cannot run: DIR/programs/folder: Permission denied"}},
      {"x unix - - n - - lmtp\n",
       {"warning master.cf:9 service x: cannot run: DIR/programs/lmtp: Permission denied"}},
      {"x unix - - n - - local/x\n",
       {"warning master.cf:9 service x: cannot run: DIR/programs/local/x: Not a directory"}},
  };
  check_entries(system, cases);
}

TEST_CASE("a directory of programs that is not there") {
  const std::vector<Case> cases{
      {"daemon_directory = /nonexistent\n",
       {"warning main.cf:1 parameter daemon_directory: /nonexistent: No such file or directory"}},
      {"daemon_directory = /dev/null\n",
       {"warning main.cf:1 parameter daemon_directory: /dev/null: Not a directory"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("entries that cannot be obeyed") {
  const std::vector<Case> cases{
      {"x fifo n - n - - cleanup\n",
       {"error master.cf:9 service x: a FIFO takes no connections of other services: write unix"}},
      {"x unix-dgram n - n - - cleanup\n",
       {"error master.cf:9 service x: a datagram socket takes no connections of other services: write unix"}},
      {"26 inet n - n - - smtpd -Q\n", {"error master.cf:9 service 26: program smtpd: unknown option -Q"}},
      {"26 inet n - n - - smtpd -v o smtpd_timeout=9\n",
       {"error master.cf:9 service 26: program smtpd takes options alone, not \"o\""}},
      {"26 inet n - n - - smtpd -D\n",
       {"error master.cf:9 service 26: option -D, and no debugger_command is set"}},
      {"q unix n - n - - qmgr\n",
       {"error master.cf:9 service q: qmgr owns the queue alone: write 1 as its process limit"}},
      {"25x: inet n - n - - smtpd\n",
       {"error master.cf:9 bad address or port \"25x:\" in \"25x: inet n - n - - smtpd\""}},
      {"smpt inet n - n - - smtpd\n", {"error master.cf:9 service smpt: unknown service name: smpt"}},
  };
  check_entries(System(), cases);
  CHECK(System().judge("", "# nothing\n") == Lines{"error master.cf:0 no service"});
}

TEST_CASE("a FIFO, a debugger and privileges where they have their place") {
  const std::vector<Case> cases{
      {"pickup fifo n - n - 1 pickup\n", {}},
      {"x unix - - n - - smtp -D -o debugger_command=ddd\n", {}},
      {"x unix - n n - - virtual\n", {}},
      {"x unix - n n - - pipe user=nobody argv=/bin/true\n", {}},
  };
  check_entries(System(), cases);
  check_entries(System(), {{"x unix - - n - - smtp -D\n", {}}}, "debugger_command = ddd\n");
}

TEST_CASE("privileges that a program needs, or has no use for") {
  const std::vector<Case> cases{
      {"x unix - - n - - local\n",
       {"warning master.cf:9 service x: program local needs privileged operation: write n in the fourth "
        "field"}},
      {"x unix - y n - - pipe user=nobody argv=/bin/true\n",
       {"warning master.cf:9 service x: program pipe needs privileged operation: write n in the fourth "
        "field"}},
      {"x unix - n n - - smtp\n",
       {"warning master.cf:9 service x: program smtp runs as mail_owner all the same: n in the fourth field "
        "has no "
        "effect"}},
  };
  check_entries(System(), cases);
}

TEST_CASE("services that are disabled are not judged") {
  const std::vector<Case> cases{
      {"x unix - - n - - nosuch -o max_use=y\n", {}},
  };
  check_entries(System(), cases, "master_service_disable = x/unix\n");
}

TEST_CASE("inet services with one address") {
  const System system;
  const std::vector<Case> more{
      {"25 inet n - n - - smtpd\n",
       {"warning master.cf:9 duplicate master.cf entry for service \"25\" (inet) -- using the last entry, "
        "not service smtp on line 1"}},
      {"127.0.0.1:25 inet n - n - - smtpd\n",
       {"error master.cf:9 service 127.0.0.1:25: address is already in use by service smtp on line 1"}},
      {"[::1]:smtp inet n - n - - smtpd\n",
       {"error master.cf:9 service [::1]:smtp: address is already in use by service smtp on line 1"}},
      {"127.0.0.1:26 inet n - n - - smtpd\n26 inet n - n - - smtpd\n",
       {"error master.cf:10 service 26: address is already in use by service 127.0.0.1:26 on line 9"}},
      {"127.0.0.1:26 inet n - n - - smtpd\n127.0.0.2:26 inet n - n - - smtpd\n[::1]:26 inet n - n - - "
       "smtpd\n",
       {}},
      {"submission inet n - n - - smtpd\nsmtps inet n - n - - smtpd\n", {}},
      {"465 inet n - n - - smtpd\nsubmissions inet n - n - - smtpd\n",
       {"warning master.cf:10 duplicate master.cf entry for service \"submissions\" (inet) -- using the last "
        "entry, not service 465 on line 9"}},
  };
  check_entries(system, more);
  const std::vector<Case> cases{
      {"127.0.0.1:25 inet n - n - - smtpd\n", {}},
      {"192.0.2.1:25 inet n - n - - smtpd\n",
       {"warning master.cf:9 duplicate master.cf entry for service \"192.0.2.1:25\" (inet) -- using the last "
        "entry, not service smtp on line 1"}},
  };
  check_entries(system, cases, "inet_interfaces = 192.0.2.1\n");
  const std::vector<Case> others{
      {"[::1]:25 inet n - n - - smtpd\n", {}},
  };
  check_entries(system, others, "inet_protocols = ipv4\n");
}

TEST_CASE("hosts that are not found") {
  const System system;
  const auto service = system.judge("", concat(kGoodServices, "nosuch.invalid:26 inet n - n - - smtpd\n"));
  REQUIRE(service.size() == 1);
  CHECK(service[0].starts_with(
      "error master.cf:9 service nosuch.invalid:26: host not found: nosuch.invalid: "));
  const auto interface = system.judge("inet_interfaces = nosuch.invalid\n");
  REQUIRE(interface.size() == 1);
  CHECK(interface[0].starts_with(
      "error main.cf:1 parameter inet_interfaces: host not found: nosuch.invalid: "));
}

TEST_CASE("services with one socket in private/ or public/") {
  const std::vector<Case> cases{
      {"local pass - n n - - local\n",
       {"error master.cf:9 service local: socket private/local is already in use by "
        "service local of type unix on "
        "line 4"}},
      {"local pass n n n - - local\n", {}},
      {"qmgr unix-dgram n n n - - local\n",
       {"error master.cf:9 service qmgr: a datagram socket takes no connections of other services: write "
        "unix",
        "error master.cf:9 service qmgr: socket public/qmgr is already in use by "
        "service qmgr of type unix on line 3"}},
  };
  check_entries(System(), cases);
}
