#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("words of restriction lists") {
  const std::vector<Case> cases{
      {"smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n", {}},
      {"smtpd_recipient_restrictions = permit_mynetwork, reject\n",
       {"warning main.cf:1 smtpd_recipient_restrictions: unknown smtpd restriction: "
        "\"permit_mynetwork\": did you mean "
        "permit_mynetworks?"}},
      {"smtpd_client_restrictions = xyzzy\n",
       {"warning main.cf:1 smtpd_client_restrictions: unknown smtpd restriction: \"xyzzy\""}},
      {"smtpd_client_restrictions = reject_rbl_client list.example\n",
       {"warning main.cf:1 smtpd_client_restrictions: reject_rbl_client is not part of this version: "
        "smtpd answers 451 "
        "where it stands"}},
      {"smtpd_sender_restrictions = check_sender_access\n",
       {"warning main.cf:1 smtpd_sender_restrictions: nothing stands behind check_sender_access"}},
      {"smtpd_sender_restrictions = { check_sender_access static:OK }, permit\n", {}},
  };
  check_cases(System(), cases);
}

TEST_CASE("classes of restrictions") {
  const std::vector<Case> cases{
      {"smtpd_restriction_classes = strict\nstrict = reject\nsmtpd_client_restrictions = strict\n", {}},
      {"smtpd_restriction_classes = strict\nstrict = rejcet\n",
       {"warning main.cf:2 strict: unknown smtpd restriction: \"rejcet\": did you mean reject?"}},
      {"smtpd_restriction_classes = strict\nstrict = reject\nsmtpd_client_restrictions = stirct\n",
       {"warning main.cf:3 smtpd_client_restrictions: unknown smtpd restriction: \"stirct\": did you "
        "mean strict?"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("restrictions of one service, and options of cleanup") {
  const std::vector<Case> cases{
      {"26 inet n - n - - smtpd\n -o smtpd_client_restrictions=permit_sasl_authenticated,rejct\n",
       {"warning master.cf:10 service 26: -o smtpd_client_restrictions: unknown smtpd restriction: "
        "\"rejct\": did you "
        "mean reject?"}},
      {"26 inet n - n - - smtpd\n -o receive_override_options=no_address_mapping,no_milters\n",
       {"warning master.cf:10 service 26: -o receive_override_options: unknown option: "
        "no_address_mapping: did you mean "
        "no_address_mappings?"}},
  };
  check_entries(System(), cases);
  const std::vector<Case> more{
      {"26 inet n - n - - smtpd -o smtpd_client_restrictions=$mine\n", {}},
  };
  check_entries(System(), more, "mine = reject\n");
}
