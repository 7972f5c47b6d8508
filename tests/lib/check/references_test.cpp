#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("transports that master.cf does not have") {
  const std::vector<Case> cases{
      {"default_transport = smpt:[relay]\n",
       {"error main.cf:1 default_transport: master.cf has no service smpt: did you mean smtp?"}},
      {"virtual_transport = lmtp:unix:private/x\n",
       {"warning main.cf:1 virtual_transport: master.cf has no service lmtp"}},
      {"local_transport = error:no\nrelay_transport = relay\n", {}},
      {"mailbox_transport = nowhere\nfallback_transport = error:x\n",
       {"warning main.cf:1 mailbox_transport: master.cf has no service nowhere"}},
      {"content_filter = scan:[127.0.0.1]:10024\n",
       {"warning main.cf:1 content_filter: master.cf has no service scan"}},
      {"content_filter =\nmailbox_transport = :x\n", {}},
      {"defer_transports = smtp, hold\n",
       {"warning main.cf:1 defer_transports: master.cf has no service hold"}},
      {"master_service_disable = smtp/unix\ndefault_transport = smtp\n",
       {"error main.cf:2 default_transport: service smtp is disabled by master_service_disable"}},
  };
  check_cases(System(), cases);
  const std::vector<Case> more{
      {"26 inet n - n - - smtpd\n -o content_filter=scan:\n",
       {"warning master.cf:10 service 26: -o content_filter: master.cf has no service scan"}},
  };
  check_entries(System(), more);
}

TEST_CASE("services that are in the other directory than they are looked for") {
  CHECK(System().judge("default_transport = mine\nqueue_service_name = mine2\n",
                       concat(kGoodServices, "mine unix n - n - - smtp\nmine2 unix - - n - 1 qmgr\n")) ==
        Lines{"error main.cf:1 default_transport: service mine on line 9 of master.cf is public: write y in "
              "its third "
              "field",
              "warning main.cf:2 queue_service_name: service mine2 on line 10 of master.cf is private: write "
              "n in its "
              "third field"});
}

TEST_CASE("transports that tables name, where they can be read") {
  const System system;
  const auto file =
      system.write("transport", "example.com local:\nexample.org nowhere:x\nexample.net :[host]\n");
  const std::vector<Case> cases{
      {"transport_maps = inline:{ a=smtp:[x], b=slow:, { c = slow:y } }\n",
       {"warning main.cf:1 transport_maps: master.cf has no service slow"}},
      {"transport_maps = static:hold\n", {"warning main.cf:1 transport_maps: master.cf has no service hold"}},
      {"transport_maps = static:{error:no mail}\n", {}},
  };
  check_cases(system, cases);
  CHECK(system.judge(concat("transport_maps = proxy:texthash:", file, "\n")) ==
        Lines{"warning main.cf:1 transport_maps: master.cf has no service nowhere"});
}

TEST_CASE("services that parameters name") {
  const std::vector<Case> cases{
      {"cleanup_service_name = claenup\n",
       {"warning main.cf:1 cleanup_service_name: master.cf has no service claenup: did "
        "you mean cleanup?"}},
      {"rewrite_service_name = mine\nproxymap_service_name = x\ntlsmgr_service_name = keys\n", {}},
      {"address_verify_service_name = asks\n",
       {"warning main.cf:1 address_verify_service_name: master.cf has no service asks"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("services that the defaults need") {
  const System system;
  CHECK(system.judge("",
                     "smtp inet n - n - - smtpd\nqmgr unix n - n - 1 qmgr\nsmtp unix - - n - - smtp\n"
                     "relay unix - - n - - smtp\nvirtual unix - n n - - virtual\n") ==
        Lines{"warning master.cf:0 parameter local_transport: master.cf has no service local",
              "error master.cf:0 parameter cleanup_service_name: master.cf has no service cleanup",
              "warning master.cf:0 parameter error_service_name: master.cf has no service error"});
  CHECK(system.judge("default_transport = error:x\nrelay_transport = error:x\nlocal_transport = error:x\n"
                     "virtual_transport = error:x\n",
                     "error unix - - n - - error\n") == Lines{});
}

TEST_CASE("sockets of policy services and filters") {
  const System system;
  system.write("queue/public/there", "");
  const std::vector<Case> cases{
      {"smtpd_milters = unix:private/filter, inet:localhost:8891, unix:/run/x { unix:public/there, "
       "timeout=5s }\n",
       {"warning main.cf:1 smtpd_milters: neither a service of master.cf nor a socket: "
        "unix:private/filter"}},
      {"smtpd_recipient_restrictions = check_policy_service { unix:private/polcy, timeout=5s }, permit\n",
       {"warning main.cf:1 smtpd_recipient_restrictions: check_policy_service is not part of this "
        "version: smtpd "
        "answers 451 where it stands",
        "warning main.cf:1 smtpd_recipient_restrictions: neither a service of master.cf nor a socket: "
        "unix:private/polcy: did you mean policy?"}},
      {"non_smtpd_milters = unix:public/policy\n",
       {"warning main.cf:1 non_smtpd_milters: neither a service of master.cf nor a socket: "
        "unix:public/policy: did "
        "you mean policy?"}},
      {"non_smtpd_milters = unix:private/policy\n", {}},
  };
  check_cases(system, cases,
              concat(kGoodServices, "policy unix - n n - 0 spawn user=nobody argv=/bin/cat\n"));
}
