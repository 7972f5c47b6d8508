#include "lib/wire/command.h"

#include <doctest/doctest.h>

#include "lib/wire/parameters.h"
#include "lib/wire/verb.h"

using namespace postern;
using mail::Grammar;

namespace {

// The command of a line that must be one.
template <class Verb>
Verb parsed(std::string_view line, Grammar grammar = Grammar::lenient) {
  CAPTURE(line);
  const auto command = wire::parse_command(line, grammar);
  if (!command) FAIL("refused: ", command.error().reply());
  REQUIRE(std::holds_alternative<Verb>(*command));
  return std::get<Verb>(*command);
}

// The reply to a line that must be refused.
std::string refused(std::string_view line, Grammar grammar = Grammar::lenient) {
  CAPTURE(line);
  const auto command = wire::parse_command(line, grammar);
  REQUIRE_FALSE(command);
  return command.error().reply();
}

}  // namespace

TEST_CASE("the verb of a line is found before what follows it is read") {
  using wire::Verb;
  CHECK(wire::first_verb("MAIL FROM:<>") == Verb::mail);
  CHECK(wire::first_verb(" \tquit") == Verb::quit);
  CHECK(wire::first_verb("MAILFROM:<>") == Verb::unknown);
  CHECK(wire::first_verb("unknown") == Verb::unknown);
  CHECK(wire::first_verb("") == Verb::unknown);
}

TEST_CASE("verbs match in any case, with blanks around") {
  struct {
    std::string_view line, name;
  } const cases[] = {
      {"HELO a", "helo"},
      {"ehlo a", "ehlo"},
      {"mAiL fRoM:<>", "mail"},
      {"RCPT TO:<a@b>", "rcpt"},
      {"DATA", "data"},
      {"data  ", "data"},
      {"BDAT 0", "bdat"},
      {"\tRSET\t", "rset"},
      {"NOOP", "noop"},
      {"NOOP what ever", "noop"},
      {"QUIT", "quit"},
      {"quit now", "quit"},
      {"HELP", "help"},
      {"HELP MAIL", "help"},
      {"VRFY a", "vrfy"},
      {"EXPN a", "expn"},
      {"ETRN a.example", "etrn"},
      {"StartTLS", "starttls"},
      {"AUTH PLAIN", "auth"},
      {"XCLIENT NAME=a", "unknown"},
      {"GET / HTTP/1.1", "unknown"},
      {"DATAX", "unknown"},
      {"MAILFROM:<>", "unknown"},
  };
  for (const auto& row : cases) {
    const auto& [line, name] = row;
    CAPTURE(row.line);
    const auto command = wire::parse_command(line);
    REQUIRE(command);
    CHECK(wire::name_of(*command) == name);
  }
}

TEST_CASE("what has no verb or too many words is refused in the words of Postfix") {
  struct {
    std::string_view line, reply;
  } const cases[] = {
      {"", "500 5.5.2 Error: bad syntax"},
      {"  ", "500 5.5.2 Error: bad syntax"},
      {"HELO", "501 Syntax: HELO hostname"},
      {"EHLO  ", "501 Syntax: EHLO hostname"},
      {"DATA now", "501 5.5.4 Syntax: DATA"},
      {"RSET x", "501 5.5.4 Syntax: RSET"},
      {"STARTTLS x", "501 5.5.4 Syntax: STARTTLS"},
      {"VRFY", "501 5.5.4 Syntax: VRFY address"},
      {"ETRN", "500 Syntax: ETRN domain"},
      {"ETRN a b", "500 Syntax: ETRN domain"},
      {"AUTH", "501 5.5.4 Syntax: AUTH mechanism"},
      {"AUTH PLAIN a b", "501 5.5.4 Syntax: AUTH mechanism"},
      {"AUTH PL@IN", "501 5.5.4 Syntax: AUTH mechanism"},
      {"AUTH ABCDEFGHIJKLMNOPQRSTU", "501 5.5.4 Syntax: AUTH mechanism"},
      {"BDAT", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT x", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 9223372036854775808", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 99999999999999999999 LAST", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT +1", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 0x1", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 1LAST", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT -1", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 1 FIRST", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 1 LAST x", "521 5.5.4 Syntax: BDAT count [LAST]"},
  };
  for (const auto& row : cases) {
    const auto& [line, reply] = row;
    CAPTURE(row.line);
    CHECK(refused(line) == reply);
  }
}

TEST_CASE("arguments of the simple verbs") {
  CHECK(parsed<wire::Helo>("HELO  mx.example ").name == "mx.example");
  CHECK(parsed<wire::Ehlo>("EHLO [192.0.2.1]").name == "[192.0.2.1]");
  CHECK(parsed<wire::Ehlo>("EHLO my computer").name == "my computer");
  CHECK(parsed<wire::Vrfy>("VRFY <a@b> c").text == "<a@b> c");
  CHECK(parsed<wire::Etrn>("ETRN @example.com").domain == "@example.com");
  const auto auth = parsed<wire::Auth>("auth scram-sha-1 =");
  CHECK(auth.mechanism == "SCRAM-SHA-1");
  CHECK(auth.initial == "=");
  CHECK(parsed<wire::Auth>("AUTH PLAIN").initial.empty());
  const auto unknown = parsed<wire::Unknown>("xForward NAME=a ADDR=b");
  CHECK(unknown.verb == "XFORWARD");
  CHECK(unknown.rest == "NAME=a ADDR=b");
  CHECK(parsed<wire::Unknown>("\x16\x03\x01").verb == "???");
}

TEST_CASE("BDAT counts octets") {
  CHECK(parsed<wire::Bdat>("BDAT 0 LAST").last);
  const auto bdat = parsed<wire::Bdat>("BDAT 86 last");
  CHECK(bdat.size == 86);
  CHECK(bdat.last);
  CHECK_FALSE(parsed<wire::Bdat>("BDAT 1000").last);
  CHECK(parsed<wire::Bdat>("  bdat\t0000000000000000000000086   LAST  ").size == 86);
  CHECK(parsed<wire::Bdat>("BDAT 9223372036854775807").size == 9223372036854775807u);
}

TEST_CASE("octet counts have up to twenty digits and never overflow") {
  CHECK(wire::parse_octets("0") == 0u);
  CHECK(wire::parse_octets("00000000000000000010") == 10u);
  CHECK(wire::parse_octets("9223372036854775807") == 9223372036854775807u);
  CHECK(wire::parse_octets("9223372036854775808") == 9223372036854775807u);
  CHECK(wire::parse_octets("99999999999999999999") == 9223372036854775807u);
  for (const std::string_view text : {"", "000000000000000000001", "1x", "+1", "-1", " 1", "0x10"}) {
    CAPTURE(text);
    CHECK_FALSE(wire::parse_octets(text));
  }
}

TEST_CASE("MAIL FROM takes what Postfix takes") {
  struct {
    std::string_view line, sender;
  } const cases[] = {
      {"MAIL FROM:<>", ""},
      {"MAIL FROM:<ann@example.com>", "ann@example.com"},
      {"MAIL FROM: <ann@example.com>", "ann@example.com"},
      {"MAIL  FROM:ann@example.com", "ann@example.com"},
      {"MAIL FROM:ann", "ann"},
      {"MAIL FROM:<\"a b\"@example.com>", "a b@example.com"},
      {"MAIL FROM:<@a,@b:ann@example.com>", "ann@example.com"},
      {"MAIL FROM:<ann@example.com>   SIZE=1", "ann@example.com"},
      {"MAIL FROM:<\"> SIZE=1\"@x>", "> SIZE=1@x"},
  };
  for (const auto& row : cases) {
    const auto& [line, sender] = row;
    CAPTURE(row.line);
    CHECK(parsed<wire::Mail>(line).address.text() == sender);
  }
}

TEST_CASE("strict envelopes take only the grammar of RFC 5321") {
  CHECK(parsed<wire::Mail>("MAIL FROM:<ann@example.com>", Grammar::strict).address.text() ==
        "ann@example.com");
  CHECK(refused("MAIL FROM: <ann@example.com>", Grammar::strict) == "501 5.1.7 Bad sender address syntax");
  CHECK(refused("MAIL FROM:ann@example.com", Grammar::strict) == "501 5.1.7 Bad sender address syntax");
  CHECK(refused("RCPT TO:<ann>", Grammar::strict) == "501 5.1.3 Bad recipient address syntax");
  CHECK(parsed<wire::Rcpt>("RCPT TO:<Postmaster>", Grammar::strict).address.text() == "Postmaster");
}

TEST_CASE("bad envelopes are refused in the words of Postfix") {
  struct {
    std::string_view line, reply;
  } const cases[] = {
      {"MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL FROM", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL FROM:", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL <a@b>", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL TO:<a@b>", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL FROM:<a@b", "501 5.1.7 Bad sender address syntax"},
      {"MAIL FROM:<a@b>SIZE=1", "501 5.1.7 Bad sender address syntax"},
      {"MAIL FROM:<a@b>>", "501 5.1.7 Bad sender address syntax"},
      {"MAIL FROM:<a@b c>", "501 5.1.7 Bad sender address syntax"},
      {"RCPT", "501 5.5.4 Syntax: RCPT TO:<address>"},
      {"RCPT FROM:<a@b>", "501 5.5.4 Syntax: RCPT TO:<address>"},
      {"RCPT TO:<>", "501 5.1.3 Bad recipient address syntax"},
      {"RCPT TO:<@b>", "501 5.1.3 Bad recipient address syntax"},
      {"RCPT TO:<a@>", "501 5.1.3 Bad recipient address syntax"},
      {"RCPT TO:<a@b> WHAT=1", "555 5.5.4 Unsupported option: WHAT=1"},
      {"RCPT TO:<a@b> SIZE=1", "555 5.5.4 Unsupported option: SIZE=1"},
      {"RCPT TO:<a@b> NOTIFY=", "501 5.5.4 Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> NOTIFY=NEVER,DELAY", "501 5.5.4 Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> NOTIFY=DELAY,", "501 5.5.4 Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> NOTIFY=,DELAY", "501 5.5.4 Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> NOTIFY=DELAY NOTIFY=DELAY", "501 5.5.4 Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> ORCPT=a@b", "501 5.5.4 Bad ORCPT parameter syntax"},
      {"RCPT TO:<a@b> ORCPT=;a@b", "501 5.5.4 Bad ORCPT parameter syntax"},
      {"RCPT TO:<a@b> ORCPT=rfc822;", "501 5.5.4 Bad ORCPT parameter syntax"},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+0Ab", "501 5.5.4 Bad ORCPT parameter syntax"},
      {"MAIL FROM:<a@b> SIZE=", "501 5.5.4 Bad message size syntax"},
      {"MAIL FROM:<a@b> SIZE=x", "501 5.5.4 Bad message size syntax"},
      {"MAIL FROM:<a@b> SIZE", "555 5.5.4 Unsupported option: SIZE"},
      {"MAIL FROM:<a@b> SIZE=1 size=1", "501 5.5.4 Bad size parameter syntax"},
      {"MAIL FROM:<a@b> BODY=BINARYMIME", "555 5.5.4 Unsupported option: BODY=BINARYMIME"},
      {"MAIL FROM:<a@b> SMTPUTF8=1", "555 5.5.4 Unsupported option: SMTPUTF8=1"},
      {"MAIL FROM:<a@b> RET=ALL", "501 5.5.4 Bad RET parameter syntax"},
      {"MAIL FROM:<a@b> ENVID=", "501 5.5.4 Bad ENVID parameter syntax"},
      {"MAIL FROM:<a@b> ENVID=a=b", "501 5.5.4 Bad ENVID parameter syntax"},
      {"MAIL FROM:<a@b> AUTH=", "501 5.5.4 Bad AUTH parameter syntax"},
      {"MAIL FROM:<a@b> =", "555 5.5.4 Unsupported option: ="},
      {"MAIL FROM:<a@b> X\x01Y", "555 5.5.4 Unsupported option: X?Y"},
  };
  for (const auto& row : cases) {
    const auto& [line, reply] = row;
    CAPTURE(row.line);
    CHECK(refused(line) == reply);
  }
}

TEST_CASE("parameters of MAIL FROM") {
  const auto mail = parsed<wire::Mail>(
      "MAIL FROM:<a@b> size=1000 BODY=8bitmime SMTPUTF8 RET=HDRS ENVID=QQ+2B314159 AUTH=e+3Dmc2@example.com");
  CHECK(mail.esmtp);
  CHECK(mail.size == 1000);
  CHECK(mail.body == mail::BodyType::eight_bit_mime);
  CHECK(mail.smtputf8);
  CHECK(mail.ret == mail::Return::headers);
  CHECK(mail.envid == "QQ+314159");
  CHECK(mail.auth == "e=mc2@example.com");
  CHECK(parsed<wire::Mail>("MAIL FROM:<a@b> AUTH=<>").auth == "<>");
  CHECK(parsed<wire::Mail>("MAIL FROM:<a@b> RET=full BODY=7BIT").ret == mail::Return::full);
  const auto plain = parsed<wire::Mail>("MAIL FROM:<a@b>");
  CHECK_FALSE(plain.esmtp);
  CHECK(plain.size == 0);
  CHECK(plain.body == mail::BodyType::unspecified);
}

TEST_CASE("parameters of RCPT TO") {
  const auto rcpt =
      parsed<wire::Rcpt>("RCPT TO:<a@b> NOTIFY=success,FAILURE,Delay ORCPT=rfc822;ann+2Bx@example.com");
  CHECK(rcpt.notify == mail::Notify{false, true, true, true});
  CHECK(rcpt.orcpt == "rfc822;ann+x@example.com");
  CHECK(parsed<wire::Rcpt>("RCPT TO:<a@b> NOTIFY=NEVER").notify.never);
  CHECK_FALSE(parsed<wire::Rcpt>("RCPT TO:<a@b>").notify.given());
}

TEST_CASE("everything is bounded") {
  CHECK(refused(std::string(wire::kLongestCommand + 1, 'x')) == "500 5.5.2 Error: command too long");
  std::string many = "MAIL FROM:<a@b>";
  for (std::size_t i = 0; i < wire::kMostParameters + 1; ++i) many += " X" + std::to_string(i) + "=1";
  CHECK(refused(many) == "555 5.5.4 Unsupported option: X0=1");
  CHECK(refused("MAIL FROM:<a@b> ENVID=" + std::string(101, 'x')) == "501 5.5.4 Bad ENVID parameter syntax");
  CHECK(refused("RCPT TO:<a@b> ORCPT=rfc822;" + std::string(500, 'x')) ==
        "501 5.5.4 Bad ORCPT parameter syntax");
  CHECK(refused("RCPT TO:<" + std::string(3000, 'x') + "@b>") == "501 5.1.3 Bad recipient address syntax");
  CHECK(refused("MAIL FROM:<a@b> X" + std::string(3000, 'x')).size() < 200);
  CHECK(parsed<wire::Unknown>(std::string(3000, 'x')).verb.size() == 100);
}

TEST_CASE("the verb of a line") {
  CHECK(wire::verb_of("mail FROM:<>") == "MAIL");
  CHECK(wire::verb_of("  get\t/") == "GET");
  CHECK(wire::verb_of("") == "");
  CHECK(wire::verb_of("   ") == "");
  CHECK(wire::verb_of("a\x01") == "A?");
}
