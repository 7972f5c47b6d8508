#include "smtpd/policy.h"

#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd;
using namespace postern::smtpd::testing;

namespace {

// What a policy says of one client, greeting, sender and recipient.
struct Judged {
  std::string_view main_cf;
  std::string_view client = "198.51.100.1";
  std::string_view helo = "c.example";
  std::string_view sender = "a@b.example";
  std::string_view recipient = "ann@home.example";
  std::string_view reply;  // "": accepted
  Stage stage = Stage::rcpt;
  bool pipelined = false;
};

std::string judge(const Judged& judged) {
  Host host(judged.main_cf);
  const Peer peer(host.names.name_of(judged.client), judged.client, 25);
  const mail::Address sender = mail::from_internal(judged.sender);
  const mail::Address recipient = mail::from_internal(judged.recipient);
  Case facts;
  facts.client = &peer;
  facts.helo = judged.helo;
  if (judged.stage >= Stage::mail) facts.sender = &sender;
  if (judged.stage == Stage::rcpt) facts.recipient = &recipient;
  facts.pipelined = judged.pipelined;
  const Refusal refusal = net::testing::finish(host.loop, host.policy->judge(judged.stage, facts));
  return refusal ? refusal->reply() : "";
}

constexpr std::string_view kOpenLists =
    "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n";

}  // namespace

TEST_CASE("mail for our domains comes from anybody, mail for others only from our networks") {
  const Judged cases[] = {
      {.main_cf = "", .reply = ""},
      {.main_cf = "", .recipient = "ann@HOME.Example", .reply = ""},
      {.main_cf = "", .recipient = "ann+list@home.example", .reply = ""},
      {.main_cf = "", .recipient = "eve@virtual.example", .reply = ""},
      {.main_cf = "", .recipient = "x@y.example", .reply = "454 4.7.1 <x@y.example>: Relay access denied"},
      {.main_cf = "", .client = "192.0.2.77", .recipient = "x@y.example", .reply = ""},
      {.main_cf = kOpenLists,
       .recipient = "x@y.example",
       .reply = "554 5.7.1 <x@y.example>: Relay access denied"},
      {.main_cf = kOpenLists, .client = "192.0.2.77", .recipient = "x@y.example", .reply = ""},
      {.main_cf = kOpenLists,
       .recipient = "x@y.example@home.example",
       .reply = "554 5.7.1 <x@y.example@home.example>: Relay access denied"},
      {.main_cf = kOpenLists,
       .recipient = "x%y.example@home.example",
       .reply = "554 5.7.1 <x%y.example@home.example>: Relay access denied"},
      {.main_cf = "relay_domains = relay.example\n",
       .recipient = "y.example!x@relay.example",
       .reply = "454 4.7.1 <y.example!x@relay.example>: Relay access denied"},
      {.main_cf = "relay_domains = relay.example\n", .recipient = "any@sub.relay.example", .reply = ""},
  };
  for (const Judged& judged : cases) {
    CAPTURE(judged.recipient);
    CHECK(judge(judged) == judged.reply);
  }
}

TEST_CASE("recipients that no table knows are refused, whoever asks") {
  const Judged cases[] = {
      {.main_cf = "",
       .recipient = "x@home.example",
       .reply =
           "550 5.1.1 <x@home.example>: Recipient address rejected: User unknown in local recipient table"},
      {.main_cf = "",
       .client = "192.0.2.1",
       .recipient = "x@home.example",
       .reply =
           "550 5.1.1 <x@home.example>: Recipient address rejected: User unknown in local recipient table"},
      {.main_cf = "",
       .recipient = "x@virtual.example",
       .reply = "550 5.1.1 <x@virtual.example>: Recipient address rejected: User unknown in virtual mailbox "
                "table"},
      {.main_cf = "show_user_unknown_table_name = no\n",
       .recipient = "x@virtual.example",
       .reply = "550 5.1.1 <x@virtual.example>: Recipient address rejected: User unknown"},
      {.main_cf = "unknown_local_recipient_reject_code = 450\n",
       .recipient = "x@home.example",
       .reply =
           "450 4.1.1 <x@home.example>: Recipient address rejected: User unknown in local recipient table"},
      {.main_cf = "relay_domains = relay.example\nrelay_recipient_maps = inline:{y@relay.example=x}\n",
       .recipient = "x@relay.example",
       .reply =
           "550 5.1.1 <x@relay.example>: Recipient address rejected: User unknown in relay recipient table"},
      {.main_cf = "virtual_alias_domains = alias.example\nvirtual_alias_maps = inline:{y@alias.example=x}\n",
       .recipient = "x@alias.example",
       .reply =
           "550 5.1.1 <x@alias.example>: Recipient address rejected: User unknown in virtual alias table"},
      {.main_cf = "smtpd_reject_unlisted_recipient = no\n", .recipient = "x@home.example", .reply = ""},
      {.main_cf = "local_recipient_maps = fail:broken\n",
       .recipient = "x@home.example",
       .reply = "451 4.3.0 <x@home.example>: Temporary lookup failure"},
      {.main_cf = "local_recipient_maps = fail:broken\n", .recipient = "postmaster", .reply = ""},
      {.main_cf = "smtpd_client_restrictions = reject\n", .recipient = "PostMaster", .reply = ""},
      {.main_cf = "smtpd_reject_unlisted_sender = yes\n",
       .sender = "x@home.example",
       .reply = "550 5.1.0 <x@home.example>: Sender address rejected: User unknown in local recipient table"},
      {.main_cf = "smtpd_reject_unlisted_sender = yes\n", .sender = "", .reply = ""},
      {.main_cf = "smtpd_reject_unlisted_sender = yes\n", .sender = "ann@home.example", .reply = ""},
  };
  for (const Judged& judged : cases) {
    CAPTURE(judged.main_cf);
    CAPTURE(judged.recipient);
    CHECK(judge(judged) == judged.reply);
  }
}

TEST_CASE("the words of restriction lists mean what administrators know") {
  const Judged cases[] = {
      {.main_cf = "smtpd_client_restrictions = reject\n",
       .reply = "554 5.7.1 <unknown[198.51.100.1]>: Client host rejected: Access denied"},
      {.main_cf = "smtpd_client_restrictions = permit_mynetworks, reject\n",
       .client = "192.0.2.9",
       .reply = ""},
      {.main_cf = "smtpd_helo_restrictions = defer\n",
       .reply = "450 4.3.2 <c.example>: Helo command rejected: Try again later"},
      {.main_cf = "smtpd_helo_restrictions = reject\n", .helo = "", .reply = ""},
      {.main_cf = "smtpd_sender_restrictions = reject\n",
       .reply = "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"},
      {.main_cf = "smtpd_recipient_restrictions = reject\n",
       .reply = "554 5.7.1 <ann@home.example>: Recipient address rejected: Access denied"},
      {.main_cf = "smtpd_recipient_restrictions = permit, reject\n", .reply = ""},
      {.main_cf = "reject_code = 421\nsmtpd_recipient_restrictions = reject\n",
       .reply = "421 4.7.1 <ann@home.example>: Recipient address rejected: Access denied"},
      {.main_cf = "smtpd_recipient_restrictions = permit_sasl_authenticated permit_tls_clientcerts reject\n",
       .reply = "554 5.7.1 <ann@home.example>: Recipient address rejected: Access denied"},
      {.main_cf = "smtpd_recipient_restrictions = permit_auth_destination, reject\n", .reply = ""},
      {.main_cf = "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = defer_unauth_destination\n",
       .recipient = "x@y.example",
       .reply = "454 4.7.1 <x@y.example>: Relay access denied"},
      {.main_cf = "smtpd_helo_restrictions = reject_non_fqdn_helo_hostname\n",
       .helo = "host",
       .reply = "504 5.5.2 <host>: Helo command rejected: need fully-qualified hostname"},
      {.main_cf = "smtpd_helo_restrictions = reject_non_fqdn_helo_hostname\n",
       .helo = "192.0.2.1",
       .reply = "504 5.5.2 <192.0.2.1>: Helo command rejected: need fully-qualified hostname"},
      {.main_cf = "smtpd_helo_restrictions = reject_non_fqdn_hostname\n", .helo = "[192.0.2.1]", .reply = ""},
      {.main_cf = "smtpd_helo_restrictions = reject_invalid_helo_hostname\n",
       .helo = "a b",
       .reply = "501 5.5.2 <a b>: Helo command rejected: Invalid name"},
      {.main_cf = "smtpd_helo_restrictions = reject_invalid_hostname\n", .helo = "host", .reply = ""},
      {.main_cf = "smtpd_sender_restrictions = reject_non_fqdn_sender\n",
       .sender = "a",
       .reply = "504 5.5.2 <a>: Sender address rejected: need fully-qualified address"},
      {.main_cf = "smtpd_sender_restrictions = reject_non_fqdn_sender\n", .sender = "", .reply = ""},
      {.main_cf = "myorigin = home.example\nsmtpd_recipient_restrictions = reject_non_fqdn_recipient\n",
       .recipient = "ann",
       .reply = "504 5.5.2 <ann>: Recipient address rejected: need fully-qualified address"},
      {.main_cf = "smtpd_recipient_restrictions = reject_no_such_thing\n",
       .reply = "451 4.3.5 Server configuration error"},
      {.main_cf = "smtpd_recipient_restrictions = check_sender_access\n",
       .reply = "451 4.3.5 Server configuration error"},
      {.main_cf = "smtpd_recipient_restrictions = check_sender_access nosuch:table\n",
       .reply = "451 4.3.0 <ann@home.example>: Temporary lookup failure"},
      {.main_cf = "smtpd_data_restrictions = reject_unauth_pipelining\n",
       .reply = "503 5.5.0 <DATA>: Data command rejected: Improper use of SMTP command pipelining",
       .stage = Stage::data,
       .pipelined = true},
      {.main_cf = "smtpd_data_restrictions = reject_unauth_pipelining\n", .reply = "", .stage = Stage::data},
      {.main_cf = "smtpd_end_of_data_restrictions = reject\n",
       .reply = "554 5.7.1 <END-OF-MESSAGE>: End-of-data command rejected: Access denied",
       .stage = Stage::end_of_data},
  };
  for (const Judged& judged : cases) {
    CAPTURE(judged.main_cf);
    CAPTURE(judged.helo);
    CHECK(judge(judged) == judged.reply);
  }
}

TEST_CASE("access tables permit, refuse, or pass the question on") {
  const Judged cases[] = {
      {.main_cf = "smtpd_sender_restrictions = check_sender_access inline:{a@b.example=REJECT}\n",
       .reply = "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access inline:{{b.example=550 5.7.9 not you}}\n",
       .reply = "550 5.7.9 <a@b.example>: Sender address rejected: not you"},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access inline:{{example=DEFER later}}\n",
       .reply = "450 4.7.1 <a@b.example>: Sender address rejected: later"},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access inline:{a@=OK}, reject\n", .reply = ""},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access inline:{a@=12}, reject\n", .reply = ""},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access inline:{a@=DUNNO,b.example=OK}, reject\n",
       .reply = ""},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access inline:{<>=REJECT}\n",
       .sender = "",
       .reply = "554 5.7.1 <>: Sender address rejected: Access denied"},
      {.main_cf = "smtpd_client_restrictions = check_client_access inline:{{198.51.100=421 go away}}\n",
       .reply = "421 4.7.1 <unknown[198.51.100.1]>: Client host rejected: go away"},
      {.main_cf = "smtpd_client_restrictions = check_client_access inline:{friend.example=OK}, reject\n",
       .client = "192.0.2.9",
       .reply = ""},
      {.main_cf = "smtpd_helo_restrictions = check_helo_access inline:{c.example=reject_non_fqdn_sender}\n",
       .sender = "a",
       .reply = "504 5.5.2 <a>: Sender address rejected: need fully-qualified address"},
      {.main_cf =
           "smtpd_recipient_restrictions = { check_recipient_access inline:{ann@home.example=REJECT} }\n",
       .recipient = "ann+x@home.example",
       .reply = "554 5.7.1 <ann+x@home.example>: Recipient address rejected: Access denied"},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access inline:{b.example=FILTER}\n",
       .reply = "451 4.3.5 Server configuration error"},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access regexp:{{/^b.example$$/ REJECT}, {/^a@$$/ "
                  "REJECT}}\n",
       .reply = ""},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access regexp:{{/@b.example$$/ REJECT}}\n",
       .reply = "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"},
      {.main_cf = "smtpd_client_restrictions = check_client_access cidr:{{198.51.100.0/24 REJECT}}\n",
       .reply = "554 5.7.1 <unknown[198.51.100.1]>: Client host rejected: Access denied"},
      {.main_cf = "smtpd_sender_restrictions = check_sender_access fail:broken\n",
       .reply = "451 4.3.0 <a@b.example>: Temporary lookup failure"},
  };
  for (const Judged& judged : cases) {
    CAPTURE(judged.main_cf);
    CHECK(judge(judged) == judged.reply);
  }
}

TEST_CASE("a server that would relay for anybody does not start") {
  const auto settings = [](std::string_view lines) {
    return config::Settings(*config::MainCf::parse(concat(kMainCf, lines)));
  };
  const auto opens = [&](std::string_view lines) {
    const auto read = settings(lines);
    const auto setup = std::move(*Setup::load(read));
    const auto resolver = std::move(*table::Resolver::open(read));
    return Policy::open(*setup, read, *resolver).has_value();
  };
  CHECK_FALSE(opens("smtpd_relay_restrictions =\n"));
  CHECK_FALSE(opens("smtpd_relay_restrictions = permit_mynetworks\nsmtpd_recipient_restrictions = permit\n"));
  CHECK(opens("smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = reject_unauth_destination\n"));
}

TEST_CASE("without smtpd_delay_reject each list speaks at its own command") {
  SUBCASE("connect") {
    SmtpdFixture client("smtpd_delay_reject = no\nsmtpd_client_restrictions = reject\n");
    client.expect("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied");
    client.says("EHLO c.example");
    client.expect("503 5.7.0 Error: access denied for unknown[192.0.2.1]");
    client.says("QUIT");
    client.expect("221 2.0.0 Bye");
    CHECK(client.logged("NOQUEUE: reject: CONNECT from unknown[192.0.2.1]: 554 5.7.1 "
                        "<unknown[192.0.2.1]>: Client host rejected: Access denied; proto=SMTP") == 1);
  }
  SUBCASE("helo") {
    SmtpdFixture client("smtpd_delay_reject = no\nsmtpd_helo_restrictions = reject_non_fqdn_helo_hostname\n");
    client.expect("220 *");
    client.says("EHLO c");
    client.expect("504 5.5.2 <c>: Helo command rejected: need fully-qualified hostname");
    client.says("EHLO c.example");
    client.expect("250-*");
  }
  SUBCASE("mail") {
    SmtpdFixture client("smtpd_delay_reject = no\nsmtpd_sender_restrictions = reject_non_fqdn_sender\n");
    client.begin();
    client.says("MAIL FROM:<a>");
    client.expect("504 5.5.2 <a>: Sender address rejected: need fully-qualified address");
    client.says("MAIL FROM:<a@b.example>");
    client.expect("250 2.1.0 Ok");
  }
}

TEST_CASE("with smtpd_delay_reject a refusal waits for RCPT and is logged with all that is known") {
  SmtpdFixture client("smtpd_client_restrictions = reject\n");
  client.begin();
  client.says("MAIL FROM:<a@b.example>");
  client.expect("250 2.1.0 Ok");
  client.says("RCPT TO:<ann@home.example>");
  client.expect("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied");
  CHECK(client.logged(
            "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <unknown[192.0.2.1]>: Client host "
            "rejected: Access denied; from=<a@b.example> to=<ann@home.example> proto=ESMTP "
            "helo=<client.example>") == 1);
}

TEST_CASE("a policy reply of 421 ends the session") {
  SmtpdFixture client("reject_code = 421\nsmtpd_recipient_restrictions = reject\n");
  client.begin();
  client.says_at_once({"MAIL FROM:<>", "RCPT TO:<ann@home.example>", "RCPT TO:<bob@home.example>"});
  client.expect("250 2.1.0 Ok");
  client.expect("421 4.7.1 *");
  CHECK(client.is_over());
}

TEST_CASE("recipients beyond the limit are refused for now, and many more are an error") {
  SmtpdFixture client("smtpd_recipient_limit = 2\nsmtpd_recipient_overshoot_limit = 3\n");
  client.begin();
  client.says("MAIL FROM:<>");
  client.expect("250 *");
  for (int i = 0; i < 2; ++i) {
    client.says("RCPT TO:<ann@home.example>");
    client.expect("250 2.1.5 Ok");
  }
  for (int i = 0; i < 4; ++i) {
    client.says("RCPT TO:<ann@home.example>");
    client.expect("452 4.5.3 Error: too many recipients");
  }
  client.says("QUIT");
  client.expect("221 *");
  CHECK(client.logged("disconnect from * ehlo=1 mail=1 rcpt=5/6 quit=1 commands=8/9") == 1);
}
