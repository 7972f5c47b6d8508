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
