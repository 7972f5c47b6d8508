#include "screen/dialogue.h"

#include <array>

#include "tests/screen/transcript.h"

using namespace postern;
using namespace postern::screen;
using screening::Test;
using screening::TestSet;

namespace {

constexpr std::string_view kEnforceAll =
    "postscreen_bare_newline_action = enforce\npostscreen_non_smtp_command_action = enforce\n";
constexpr std::string_view kDropAll =
    "postscreen_bare_newline_action = drop\npostscreen_non_smtp_command_action = drop\n"
    "postscreen_pipelining_action = drop\n";
constexpr std::string_view kIgnoreAll =
    "postscreen_bare_newline_action = ignore\npostscreen_non_smtp_command_action = ignore\n"
    "postscreen_pipelining_action = ignore\n";

constexpr std::string_view kReject450 =
    "log: NOQUEUE: reject: RCPT from [192.0.2.1]:4711: 450 4.3.2 Service currently unavailable; from=<a@b>, "
    "to=<c@d>, proto=SMTP, helo=<x>\n450 4.3.2 Service currently unavailable";
constexpr std::string_view kNoSuch = "502 5.5.2 Error: command not recognized";

}  // namespace

TEST_CASE("a client that is not handed over is refused at RCPT and leaves at DATA") {
  Transcript talk;
  CHECK(talk.dialogue.greeting() == "220 mx.example ESMTP\r\n");
  converse(
      talk,
      {{"HELO x", "250 mx.example"},
       {"MAIL FROM:<a@b>", "250 2.1.0 Ok"},
       {"RCPT TO:<c@d>", kReject450},
       {"DATA",
        "log: DATA without valid RCPT from [192.0.2.1]:4711\n554 5.5.1 Error: no valid recipients\nend"}});
  CHECK(talk.dialogue.passed() == kDeep);
}

TEST_CASE("the commands of the dummy engine") {
  Transcript talk("postscreen_command_count_limit = 100\n");
  converse(talk,
           {{"EHLO x",
             "250-mx.example|250-SIZE 1000|250-VRFY|250-ETRN|250-ENHANCEDSTATUSCODES|250-8BITMIME|250-DSN|"
             "250-SMTPUTF8|250 CHUNKING"},
            {"EHLO", "501 Syntax: EHLO hostname"},
            {"helo", "501 Syntax: HELO hostname"},
            {"HELO  a b c", "250 mx.example"},
            {"NOOP x y", "250 2.0.0 Ok"},
            {"  noop", "250 2.0.0 Ok"},
            {"RSET x", "250 2.0.0 Ok"},
            {"VRFY", "501 5.5.4 Syntax: VRFY address"},
            {"VRFY a b", "450 4.3.2 Service currently unavailable"},
            {"ETRN", "500 Syntax: ETRN domain"},
            {"ETRN x", "458 Unable to queue messages"},
            {"HELP", kNoSuch},
            {"EXPN x", kNoSuch},
            {"AUTH PLAIN x", kNoSuch},
            {"XCLIENT x", kNoSuch},
            {"", kNoSuch},
            {"  ", kNoSuch},
            {"QUIT\r", kNoSuch},
            {"STARTTLS", "502 5.5.1 Error: command not implemented"},
            {"MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>"},
            {"MAIL FROM", "501 5.5.4 Syntax: MAIL FROM:<address>"},
            {"RCPT TO:<x>", "503 5.5.1 Error: need MAIL command"},
            {"MAIL FROM:", "250 2.1.0 Ok"},
            {"MAIL FROM:<a>", "503 5.5.1 Error: nested MAIL command"},
            {"RCPT TO", "501 5.5.4 Syntax: RCPT TO:<address>"},
            {"EHLO", "501 Syntax: EHLO hostname"},
            {"MAIL FROM:<a>", "503 5.5.1 Error: nested MAIL command"},
            {"HELO y", "250 mx.example"},
            {"RCPT TO:<x>", "503 5.5.1 Error: need MAIL command"},
            {"QUIT x", "221 2.0.0 Bye\nend"}});
}

TEST_CASE("content without a recipient ends the session") {
  struct Case {
    std::string_view line, reply;
  };
  for (const auto& [line, reply] :
       std::initializer_list<Case>{{"DATA", "503 5.5.1 Error: need RCPT command"},
                                   {"DATA x", "501 5.5.4 Syntax: DATA"},
                                   {"BDAT", "501 5.5.4 Syntax: BDAT count [LAST]"},
                                   {"BDAT 5 LAST", "554 5.5.1 Error: need MAIL command"}}) {
    Transcript talk;
    CHECK(talk.hears(line, "hello") ==
          concat("log: ", line.substr(0, 4), " without valid RCPT from [192.0.2.1]:4711\n", reply, "\nend")
              .insert(0, line.starts_with('D')
                             ? "log: COMMAND PIPELINING from [192.0.2.1]:4711 after DATA: hello\n"
                             : ""));
  }
}

TEST_CASE("a rejected recipient is logged as an address, however it was written") {
  struct Case {
    std::string_view sent, shown;
  };
  for (const auto& [sent, shown] : std::initializer_list<Case>{{"<c@d> NOTIFY=NEVER", "c@d"},
                                                               {" c@d x", "c@d"},
                                                               {"<>", ""},
                                                               {"<c@d", "c@d"},
                                                               {"(foo) c@d", "\"(foo)\""},
                                                               {"\"a b\"@c x", "\"a b\"@c"},
                                                               {"<@x:c@d>", "c@d"},
                                                               {"<\"a\\b c\"@d>", "\"ab c\"@d"},
                                                               {"<<a>>", "\"<a\""},
                                                               {"<c\tx\\@d>", "\"c?x\"@d"}}) {
    Transcript talk("postscreen_reject_footer = for $recipient\n");
    talk.hears(
        "EHLO foo<&>\x01"
        "bar baz");
    talk.hears("MAIL FROM:<\"a b\"@c>");
    const std::string heard = talk.hears(concat("RCPT TO:", sent));
    CAPTURE(heard);
    CHECK(heard.find(concat("; from=<\"a b\"@c>, to=<", shown, ">, proto=ESMTP, helo=<foo<&>?bar>\n")) !=
          std::string::npos);
  }
}

TEST_CASE("commands out of turn, of other protocols, and lines without CR are found once each") {
  struct Case {
    std::string_view line, behind, log;
    Test test;
    std::string_view drop;
  };
  constexpr std::string_view kProtocol = "521 5.5.1 Protocol error\nend";
  constexpr std::string_view kRules = "521 5.7.0 Error: I can break rules, too. Goodbye.\nend";
  const Case cases[] = {
      {"HELO x", "MAIL FROM:<x@y>\r\n",
       "COMMAND PIPELINING from [192.0.2.1]:4711 after HELO: MAIL FROM:<x@y>\\r\\n", Test::pipelining,
       kProtocol},
      {"noop", "\x16\x03\xff\\", "COMMAND PIPELINING from [192.0.2.1]:4711 after noop: \\026\\003\\377\\\\",
       Test::pipelining, kProtocol},
      {"HELO x  y\n", "", "BARE NEWLINE from [192.0.2.1]:4711 after HELO x  y", Test::bare_newline,
       kProtocol},
      {"\n", "", "BARE NEWLINE from [192.0.2.1]:4711 after ", Test::bare_newline, kProtocol},
      {"GET / HTTP/1.1", "", "NON-SMTP COMMAND from [192.0.2.1]:4711 after CONNECT: GET / HTTP/1.1",
       Test::non_smtp_command, kRules},
      {"post x", "", "NON-SMTP COMMAND from [192.0.2.1]:4711 after CONNECT: post x", Test::non_smtp_command,
       kRules},
      {"X-Foo:bar", "", "NON-SMTP COMMAND from [192.0.2.1]:4711 after CONNECT: X-Foo:bar ",
       Test::non_smtp_command, kRules},
      {"Foo:  bar \xc3\xa4", "", "NON-SMTP COMMAND from [192.0.2.1]:4711 after CONNECT: Foo: bar \\303\\244",
       Test::non_smtp_command, kRules},
      {"NO\xffOP x", "", "NON-SMTP COMMAND from [192.0.2.1]:4711 after CONNECT: NO?OP x",
       Test::non_smtp_command, kRules},
  };
  for (const auto& [line, behind, log, test, drop] : cases) {
    const std::string_view what = log;
    CAPTURE(what);
    const std::string logged = concat("log: ", log, '\n');
    Transcript dropping(kDropAll);
    CHECK(dropping.hears(line, behind) == concat(logged, drop));
    CHECK(dropping.dialogue.failed() == TestSet{test});
    Transcript enforcing(kEnforceAll);
    CHECK(enforcing.hears(line, behind).starts_with(logged));
    CHECK(enforcing.hears(line, behind).find("log:") == std::string::npos);
    CHECK(enforcing.hears("VRFY x") == "550 5.5.1 Protocol error");
    CHECK(enforcing.dialogue.refused());
    Transcript ignoring(kIgnoreAll);
    CHECK(ignoring.hears(line, behind).starts_with(logged));
    CHECK(ignoring.hears("VRFY x") == "450 4.3.2 Service currently unavailable");
    CHECK_FALSE(ignoring.dialogue.refused());
    ignoring.hears("RCPT TO:<x>");
    CHECK(ignoring.dialogue.passed() == kDeep);
    Transcript other(kDropAll, Speech::dummy, kDeep.without({test}));
    CHECK(other.hears(line, behind).find("log:") == std::string::npos);
  }
}

TEST_CASE("what is no offence") {
  for (const std::string_view line :
       {"foo : bar", "foo bar: baz", "NOOP \xff\xfe", "f\xc3\xa4: x", "XCLIENT NAME=x", "", "BDAT 3"}) {
    Transcript talk(kDropAll);
    CAPTURE(line);
    CHECK(talk.hears(line, line.starts_with("BDAT") ? "foo" : "").find("COMMAND from") == std::string::npos);
    CHECK(talk.dialogue.failed().empty());
  }
  Transcript ascii("smtputf8_enable = no\npostscreen_non_smtp_command_action = drop\n");
  CHECK(ascii.hears("NO\xffOP") == kNoSuch);
}

TEST_CASE("one line may fail several tests") {
  Transcript talk(kEnforceAll);
  CHECK(talk.hears("foo: bar\n", "NOOP\n") ==
        concat("log: BARE NEWLINE from [192.0.2.1]:4711 after foo: bar\n"
               "log: NON-SMTP COMMAND from [192.0.2.1]:4711 after CONNECT: foo: bar\n"
               "log: COMMAND PIPELINING from [192.0.2.1]:4711 after foo:: NOOP\\n\n",
               kNoSuch));
  CHECK(talk.dialogue.failed() == kDeep);
  CHECK(talk.dialogue.state() == "UNIMPLEMENTED");
}

TEST_CASE("the last failure says why a recipient is refused") {
  Transcript talk(kEnforceAll);
  talk.dialogue.refuse_with("550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.example");
  CHECK(talk.hears("VRFY x") ==
        "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.example");
  talk.hears("GET x");
  CHECK(talk.hears("VRFY x") == "550 5.5.1 Protocol error");
}

TEST_CASE("limits end the session and say where it stood") {
  Transcript count("postscreen_command_count_limit = 2\n");
  converse(count, {{"HELO x", "250 mx.example"},
                   {"XCLIENT", kNoSuch},
                   {"NOOP",
                    "log: COMMAND COUNT LIMIT from [192.0.2.1]:4711 after XCLIENT\n"
                    "421 mx.example Service unavailable - try again later\nend"}});
  Transcript talk;
  CHECK(talk.told(talk.dialogue.too_long()) ==
        "log: COMMAND LENGTH LIMIT from [192.0.2.1]:4711 after CONNECT\n"
        "421 mx.example Service unavailable - try again later\nend");
  talk.hears("foo");
  CHECK(talk.told(talk.dialogue.timed_out()) ==
        "log: COMMAND TIME LIMIT from [192.0.2.1]:4711 after UNIMPLEMENTED\n"
        "421 4.4.2 mx.example Error: timeout exceeded\nend");
  CHECK(talk.told(talk.dialogue.timed_out("a_limit")) ==
        "log: COMMAND TIME LIMIT from [192.0.2.1]:4711 after UNIMPLEMENTED: a_limit\n"
        "421 4.4.2 mx.example Error: timeout exceeded\nend");
  CHECK(talk.told(talk.dialogue.ends_with("421 4.3.2 x")) == "421 4.3.2 x\nend");
}

TEST_CASE("EHLO leaves out what is discarded, and says so") {
  Transcript talk("postscreen_discard_ehlo_keywords = ETRN, dsn\n");
  CHECK(
      talk.hears("EHLO x") ==
      "250-mx.example|250-SIZE 1000|250-VRFY|250-ENHANCEDSTATUSCODES|250-8BITMIME|250-SMTPUTF8|250 CHUNKING");
  talk.dialogue.discard_keywords("vrfy, dsn, etrn");
  CHECK(talk.hears("EHLO x") ==
        "log: [192.0.2.1]:4711: discarding EHLO keywords: ETRN VRFY DSN\n"
        "250-mx.example|250-SIZE 1000|250-ENHANCEDSTATUSCODES|250-8BITMIME|250-SMTPUTF8|250 CHUNKING");
  talk.dialogue.discard_keywords("silent-discard, vrfy");
  CHECK(talk.hears("EHLO x") ==
        "250-mx.example|250-SIZE 1000|250-ETRN|250-ENHANCEDSTATUSCODES|250-8BITMIME|250-DSN|250-SMTPUTF8|250 "
        "CHUNKING");
}

TEST_CASE("what is offered and needed follows stress") {
  constexpr std::string_view kStress =
      "message_size_limit = ${stress?{500}:{1000}}\nsmtpd_helo_required = ${stress?{yes}:{no}}\n"
      "smtpd_hard_error_limit = 20\n";
  constexpr std::string_view kRest = "250-ENHANCEDSTATUSCODES|250-8BITMIME|250 CHUNKING";
  for (const bool on : {true, false}) {
    Transcript server(kStress, Speech::server, {});
    if (on) server.setup->tls = true;
    server.stress(true);
    server.stress(on);
    CHECK(server.hears("MAIL FROM:<>") == (on ? "503 5.5.1 Error: send HELO/EHLO first" : "250 2.1.0 Ok"));
    CHECK(server.hears("EHLO x") == concat("250-mx.example|250-PIPELINING|250-SIZE ",
                                           on ? "500|250-VRFY|250-STARTTLS|" : "1000|250-VRFY|", kRest));
    Transcript dummy(kStress);
    dummy.stress(on);
    CHECK(dummy.hears("EHLO x").starts_with(on ? "250-mx.example|250-SIZE 500|"
                                               : "250-mx.example|250-SIZE 1000|"));
  }
}

TEST_CASE("parameters of the dummy engine") {
  Transcript talk(
      "postscreen_helo_required = yes\npostscreen_disable_vrfy_command = yes\nsoft_bounce = yes\n"
      "postscreen_non_smtp_command_action = drop\n");
  converse(talk, {{"MAIL FROM:<x>", "403 4.5.1 Error: send HELO/EHLO first"},
                  {"VRFY x", "402 4.5.1 VRFY command is disabled"},
                  {"EHLO", "401 Syntax: EHLO hostname"},
                  {"ETRN x", "458 Unable to queue messages"},
                  {"GET /",
                   "log: NON-SMTP COMMAND from [192.0.2.1]:4711 after ETRN: GET /\n"
                   "421 4.7.0 Error: I can break rules, too. Goodbye.\nend"}});
}

TEST_CASE("STARTTLS, where there are keys") {
  Transcript talk;
  talk.setup->tls = talk.setup->tls_required = true;
  talk.setup->tls_ready = true;
  talk.setup->write_replies();
  constexpr std::string_view kFirst = "530 5.7.0 Must issue a STARTTLS command first";
  CHECK(talk.hears("EHLO x").find("250-STARTTLS|") != std::string::npos);
  converse(talk, {{"MAIL FROM:<>", kFirst},
                  {"DATA", kFirst},
                  {"NOOP", "250 2.0.0 Ok"},
                  {"foo", kNoSuch},
                  {"STARTTLS x", "501 5.5.4 Syntax: STARTTLS"}});
  Transcript injected("", Speech::dummy, TestSet());
  injected.setup->tls = injected.setup->tls_ready = true;
  CHECK(injected.hears("STARTTLS", "RSET\r\n").find("421 4.7.0 mx.example Error: text behind STARTTLS") !=
        std::string::npos);
  converse(talk, {{"STARTTLS", "220 2.0.0 Ready to start TLS\ntls"}});
  talk.dialogue.tls_started();
  CHECK(talk.hears("EHLO x").find("STARTTLS") == std::string::npos);
  converse(talk, {{"STARTTLS", "554 5.5.1 Error: TLS already active"}, {"MAIL FROM:<>", "250 2.1.0 Ok"}});
}

TEST_CASE("STARTTLS, where the keys cannot be read") {
  Transcript talk;
  talk.setup->tls = true;
  talk.setup->write_replies();
  CHECK(talk.hears("EHLO x").find("250-STARTTLS|") != std::string::npos);
  converse(talk, {{"STARTTLS", "454 4.7.0 TLS not available due to local problem"},
                  {"MAIL FROM:<>", "250 2.1.0 Ok"}});
}

TEST_CASE("where TLS is required, a server's words are said of nothing else") {
  Transcript talk("", Speech::server, {});
  talk.setup->tls = talk.setup->tls_required = true;
  talk.setup->write_replies();
  constexpr std::string_view kFirst = "530 5.7.0 Must issue a STARTTLS command first";
  CHECK(talk.hears("EHLO x").find("250-STARTTLS|") != std::string::npos);
  converse(talk, {{"MAIL FROM:<>", kFirst},
                  {"RSET", kFirst},
                  {"DATA", kFirst},
                  {"NOOP", "250 2.0.0 Ok"},
                  {"STARTTLS", "hand over"}});
}

TEST_CASE("a refusal has a footer") {
  struct Case {
    std::string_view footer, reply;
  };
  for (const auto& [footer, reply] :
       std::initializer_list<Case>{{"foot $client_address:$client_port ${nosuch}$$",
                                    "501-Syntax: HELO hostname|501 foot 192.0.2.1:4711 $"},
                                   {"\\c. See $server_address", "501 Syntax: HELO hostname. See 192.0.2.9"},
                                   {"\\c tail\\nsecond\\n", "501-Syntax: HELO hostname tail|501-second|501 "},
                                   {"a\\c b\\n\\nx", "501-Syntax: HELO hostname|501-a\\c b|501-|501 x"},
                                   {"${broken", "501 Syntax: HELO hostname"}}) {
    Transcript talk(concat("postscreen_reject_footer = ", footer, '\n'));
    CHECK(talk.hears("HELO") == reply);
    CHECK(talk.hears("NOOP") == "250 2.0.0 Ok");
  }
  Transcript dsn(
      "postscreen_reject_footer = h=$helo_name\\n$recipient\npostscreen_expansion_filter = \\t\\40abx\\\\\n");
  dsn.hears("HELO x\\nyab$a");
  CHECK(dsn.hears("foo") ==
        concat("502-5.5.2 Error: command not recognized|502-5.5.2 h=x\\__ab_a|502 5.5.2 "));
  Transcript limit("postscreen_reject_footer = foot\n");
  CHECK(limit.told(limit.dialogue.timed_out())
            .ends_with("421-4.4.2 mx.example Error: timeout exceeded|421 4.4.2 foot\nend"));
}

TEST_CASE("a server that judges early is known") {
  CHECK_FALSE(Transcript("smtpd_helo_restrictions = reject\n").setup->judges_early);
  CHECK(Transcript("smtpd_delay_reject = no\nsmtpd_helo_restrictions = reject\n").setup->judges_early);
  CHECK_FALSE(Transcript("smtpd_delay_reject = no\n").setup->judges_early);
}
