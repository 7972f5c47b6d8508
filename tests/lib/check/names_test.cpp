#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("names of main.cf that nothing knows, with the likely one") {
  const std::vector<Case> cases{
      {"smtpd_bannr = x\n", {"warning main.cf:1 unknown parameter smtpd_bannr: did you mean smtpd_banner?"}},
      {"\nmydestinatoin = x\n",
       {"warning main.cf:2 unknown parameter mydestinatoin: did you mean mydestination?"}},
      {"MyHostName = x\n", {"warning main.cf:1 unknown parameter MyHostName: did you mean myhostname?"}},
      {"quite_another_thing = x\n", {"warning main.cf:1 unknown parameter quite_another_thing"}},
      {"smtp_connect_timeout = 5s\nvirtual_maps =\n", {}},
  };
  check_cases(System(), cases);
}

TEST_CASE("names of the administrator's own") {
  const std::vector<Case> cases{
      {"mine = x\nsmtpd_banner = $mine\n", {}},
      {"mine = x\nother = $mine\n", {"warning main.cf:2 unknown parameter other"}},
      {"smtpd_restriction_classes = strict\nstrict = reject\n", {}},
      {"relay_recipient_maps =\nsmtpd_sender_login_maps = ldap:people\npeople_server_host = localhost\n", {}},
      {"smtpd_sender_login_maps = ldap:people\npeople_server_hots = localhost\n",
       {"warning main.cf:2 unknown parameter people_server_hots"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("parameters that services of master.cf bring along") {
  const std::vector<Case> cases{
      {"local_destination_concurrency_limit = 2\nsmtp_destination_rate_delay = 1s\n", {}},
      {"lmtp_destination_recipient_limit = 1\n", {}},
      {"slow_destination_concurrency_limit = 2\n",
       {"warning main.cf:1 slow_destination_concurrency_limit: master.cf has no service slow"}},
      {"vritual_destination_concurrency_limit = 2\n",
       {"warning main.cf:1 vritual_destination_concurrency_limit: master.cf has no service "
        "vritual: did you mean "
        "virtual?"}},
      {"default_destination_concurency_limit = 2\n",
       {"warning main.cf:1 unknown parameter default_destination_concurency_limit: did you mean "
        "default_destination_concurrency_limit?"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("names of -o") {
  const std::vector<Case> cases{
      {"26 inet n - n - - smtpd\n -o smtpd_tls_wrappermod=yes\n",
       {"warning master.cf:10 service 26: -o unknown parameter smtpd_tls_wrappermod: did you mean "
        "smtpd_tls_wrappermode?"}},
      {"26 inet n - n - - smtpd -o mine=1 -o max_use=$mine\n", {}},
  };
  check_entries(System(), cases);
  CHECK(System().judge("max_use = $mine\nmine = 1\n",
                       concat(kGoodServices, "26 inet n - n - - smtpd -o mine=2\n")) == Lines{});
}

TEST_CASE("what nobody can set") {
  const std::vector<Case> cases{
      {"process_id = 1\n", {"warning main.cf:1 read-only parameter assignment: process_id=1"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("services that master_service_disable does not find") {
  const std::vector<Case> cases{
      {"master_service_disable = smtp/inet !local/unix fifo\n", {}},
      {"master_service_disable = smpt/inet\n",
       {"warning main.cf:1 master_service_disable: master.cf has no service smpt/inet: did you "
        "mean smtp/inet?"}},
      {"master_service_disable = smtp\n",
       {"warning main.cf:1 master_service_disable: neither TYPE nor SERVICE/TYPE: smtp"}},
  };
  check_cases(System(), cases);
}
