#include "lib/wire/server_rules.h"

#include <doctest/doctest.h>

#include "lib/config/settings.h"

using namespace postern;

namespace {

wire::ServerRules rules(std::string_view main_cf) {
  const config::Settings settings(
      *config::MainCf::parse("message_size_limit = 1000\n" + std::string(main_cf)));
  config::SmtpdParams smtpd;
  config::LimitParams limits;
  REQUIRE(smtpd.load(settings));
  REQUIRE(limits.load(settings));
  return {smtpd, limits, "mx.example"};
}

}  // namespace

TEST_CASE("EHLO offers what parameters leave") {
  CHECK(rules("").ehlo() ==
        "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-VRFY\r\n250-ENHANCEDSTATUSCODES\r\n250-"
        "8BITMIME\r\n250 CHUNKING\r\n");
  CHECK(rules("disable_vrfy_command = yes\nsmtpd_discard_ehlo_keywords = Pipelining, size, x-none, "
              "enhancedstatuscodes\n")
            .ehlo() == "250-mx.example\r\n250-8BITMIME\r\n250 CHUNKING\r\n");
  wire::Offer all = rules("").offer;
  all.etrn = all.starttls = all.dsn = all.smtputf8 = all.chunking = true;
  all.auth = "PLAIN LOGIN";
  CHECK(rules("").ehlo(wire::without(all, wire::Discarded("size vrfy dsn, 8bitmime"))) ==
        "250-mx.example\r\n250-PIPELINING\r\n250-ETRN\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n"
        "250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n");
  CHECK(rules("").helo == "250 mx.example\r\n");
}

TEST_CASE("discarded keywords are named in the order of EHLO") {
  CHECK(wire::Discarded("vrfy, ETRN x").text() == "ETRN VRFY");
  CHECK_FALSE(wire::Discarded("etrn").silent());
  CHECK(wire::Discarded("silent-discard").empty());
  CHECK(wire::Discarded("silent-discard").silent());
}

TEST_CASE("words of commands match in any case") {
  const auto set = rules("smtpd_noop_commands = idle\n");
  CHECK(wire::is_among(" IDLE now", set.noop_commands));
  CHECK_FALSE(wire::is_among("IDLES", set.noop_commands));
  CHECK(wire::is_forbidden("get /", set.forbidden_commands));
  CHECK(wire::is_forbidden("From: x", set.forbidden_commands));
  CHECK_FALSE(wire::is_forbidden("From x", set.forbidden_commands));
}

TEST_CASE("what says that a client does not speak SMTP") {
  const auto set = rules("").forbidden_commands;
  struct Case {
    std::string_view word;
    bool foreign, forbidden;
  };
  for (const Case& row : std::initializer_list<Case>{{"get", true, true},
                                                     {"Subject:", true, true},
                                                     {"Subject:x", true, true},
                                                     {"a\"<b:c", true, true},
                                                     {":", true, true},
                                                     {"NOOP:", true, true},
                                                     {"fo:o\xc3\xa4", true, true},
                                                     {"f\xc3\xa4:x", false, false},
                                                     {"a\x01:x", false, false},
                                                     {"a\x7f:x", false, false},
                                                     {"\xc3\xa4", true, false},
                                                     {"f\xe4", true, false},
                                                     {"foo", false, false},
                                                     {"rcpt", false, false},
                                                     {"", false, false}}) {
    CAPTURE(row.word);
    CHECK(wire::is_non_smtp(row.word, set, true) == row.foreign);
    if (row.word != "rcpt") CHECK(wire::is_forbidden(row.word, set) == row.forbidden);
  }
  CHECK_FALSE(wire::is_non_smtp("f\xe4", set, false));
  CHECK(wire::is_non_smtp("\xe4", set, false));
}

TEST_CASE("rules follow numbers and booleans, and stay what their lists made them") {
  config::Settings settings(*config::MainCf::parse(
      "smtpd_helo_required = ${stress?{yes}:{no}}\nmessage_size_limit = ${stress?{500}:{1000}}\n"
      "disable_vrfy_command = ${stress?{yes}:{no}}\nstrict_rfc821_envelopes = ${stress?{yes}:{no}}\n"
      "smtpd_discard_ehlo_keywords = starttls, 8bitmime\nsmtpd_noop_commands = idle\n"));
  config::SmtpdParams smtpd;
  config::LimitParams limits;
  REQUIRE(smtpd.load(settings));
  REQUIRE(limits.load(settings));
  wire::ServerRules rules(smtpd, limits, "mx.example", true);
  const std::string calm = rules.ehlo();
  CHECK(calm ==
        "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-VRFY\r\n250-ENHANCEDSTATUSCODES\r\n250 "
        "CHUNKING\r\n");
  for (const bool stress : {true, false}) {
    settings.override("stress", stress ? "yes" : "");
    REQUIRE(smtpd.follow(settings, "stress"));
    REQUIRE(limits.follow(settings, "stress"));
    rules.follow(smtpd, limits, true);
    CHECK(rules.mail.helo_required == stress);
    CHECK(rules.mail.size_limit == (stress ? 500 : 1000));
    CHECK(rules.grammar == (stress ? mail::Grammar::strict : mail::Grammar::lenient));
    CHECK(rules.ehlo() == (stress ? "250-mx.example\r\n250-PIPELINING\r\n250-SIZE "
                                    "500\r\n250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n"
                                  : calm));
    CHECK(wire::is_among("idle", rules.noop_commands));
  }
}
