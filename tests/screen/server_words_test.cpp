// screen where it speaks in a server's words, until the server itself is needed.
#include "tests/screen/transcript.h"

using namespace postern;
using namespace postern::screen;
using screening::Test;
using screening::TestSet;

TEST_CASE("in a server's words, until the server is needed") {
  Transcript talk("", Speech::server, {Test::non_smtp_command});
  converse(talk, {{"EHLO x",
                   "250-mx.example|250-PIPELINING|250-SIZE "
                   "1000|250-VRFY|250-ENHANCEDSTATUSCODES|250-8BITMIME|250 CHUNKING"},
                  {"foo", "500 5.5.2 Error: command not recognized"},
                  {"RCPT TO:<c@d>", "503 5.5.1 Error: need MAIL command"},
                  {"MAIL FROM:<a@b> SIZE=1001", "552 5.3.4 Message size exceeds fixed limit"},
                  {"MAIL FROM:<a b>", "501 5.1.7 Bad sender address syntax"},
                  {"NOOP \xff", "500 5.5.2 Error: bad UTF-8 syntax"},
                  {"MAIL FROM:<a@b> SIZE=1000", "250 2.1.0 Ok"},
                  {"MAIL FROM:<a@b>", "503 5.5.1 Error: nested MAIL command"},
                  {"RCPT TO:<c d>", "501 5.1.3 Bad recipient address syntax"},
                  {"RCPT TO:<c@d>", "hand over"}});
  CHECK(talk.dialogue.pipelining());
  CHECK(talk.dialogue.take_said() == std::vector<std::string>{"EHLO x", "?", "RCPT", "MAIL", "MAIL",
                                                              "NOOP \xff", "MAIL FROM:<a@b> SIZE=1000",
                                                              "MAIL", "RCPT"});
  CHECK(talk.dialogue.to_watch() == TestSet{Test::non_smtp_command});
}

TEST_CASE("what was overtaken is repeated in short") {
  Transcript talk("", Speech::server);
  for (const std::string_view line :
       {"HELO first.example", "MAIL FROM:<long@sender.example>", "RSET", "EHLO second.example",
        "MAIL FROM:<a@b>", "EHLO third.example", "noop with words"}) {
    talk.hears(line);
  }
  CHECK(talk.dialogue.take_said() == std::vector<std::string>{"HELO x", "MAIL FROM:<>", "RSET", "EHLO x",
                                                              "MAIL FROM:<>", "EHLO third.example", "NOOP"});
}

TEST_CASE("lines that a server must see itself") {
  struct Case {
    std::string_view main_cf, line, behind, expected;
  };
  constexpr std::string_view kOk = "250 2.0.0 Ok";
  for (const auto& [main_cf, line, behind, expected] :
       std::initializer_list<Case>{{"", "STARTTLS", "", "hand over"},
                                   {"", "AUTH PLAIN", "", "hand over"},
                                   {"", "VRFY x", "", "hand over"},
                                   {"", "BDAT 3 LAST", "foo", "hand over"},
                                   {"", "DATA", "", "503 5.5.1 Error: need RCPT command"},
                                   {"", "GET /", "", "hand over"},
                                   {"", "From: x", "", "hand over"},
                                   {"", "NOOP\n", "", kOk},
                                   {"smtpd_forbid_bare_newline = note\n", "NOOP\n", "", "hand over"},
                                   {"", "NOOP", "", kOk},
                                   {"", "RSET", "NOOP\r\n", "hand over"},
                                   {"smtpd_noop_commands = foo\n", "foo bar", "", kOk}}) {
    Transcript talk(main_cf, Speech::server, {});
    const std::string_view said = line;
    CAPTURE(said);
    CHECK(talk.hears(line, behind) == expected);
  }
  Transcript pipelined("", Speech::server, {});
  pipelined.hears("EHLO x");
  CHECK(pipelined.hears("RSET", "NOOP\r\n") == kOk);
  CHECK(pipelined.hears("NOOP", "NOOP\r\n") == "hand over");
}

TEST_CASE("a client that fails in a server's words hears the dummy's from then on") {
  Transcript talk("", Speech::server);
  CHECK(talk.hears("EHLO x", "NOOP\r\n") ==
        "log: COMMAND PIPELINING from [192.0.2.1]:4711 after EHLO: NOOP\\r\\n\n"
        "250-mx.example|250-SIZE "
        "1000|250-VRFY|250-ETRN|250-ENHANCEDSTATUSCODES|250-8BITMIME|250-DSN|250-SMTPUTF8|"
        "250 CHUNKING");
  CHECK(talk.hears("MAIL FROM:<a@b>") == "250 2.1.0 Ok");
  CHECK(talk.hears("RCPT TO:<c@d>").ends_with("550 5.5.1 Protocol error"));
  Transcript later("", Speech::server);
  later.hears("HELO x");
  later.hears("MAIL FROM:<a@b>", "R");
  CHECK(later.hears("RCPT TO:<c@d>") ==
        "log: NOQUEUE: reject: RCPT from [192.0.2.1]:4711: 550 5.5.1 Protocol error; from=<a@b>, to=<c@d>, "
        "proto=SMTP, "
        "helo=<x>\n550 5.5.1 Protocol error");
}

TEST_CASE("errors count as a server counts them") {
  Transcript talk("smtpd_soft_error_limit = 2\nsmtpd_hard_error_limit = 4\nsmtpd_junk_command_limit = 1\n",
                  Speech::server);
  constexpr std::string_view kUnknown = "500 5.5.2 Error: command not recognized";
  CHECK(talk.hears("foo") == kUnknown);
  for (int i = 0; i < 3; ++i) CHECK(talk.hears("NOOP") == "250 2.0.0 Ok");
  CHECK(talk.hears("EHLO") == "501 Syntax: EHLO hostname\nslow");
  CHECK(talk.hears("foo") == concat("log: too many errors after UNKNOWN from [192.0.2.1]:4711\n", kUnknown,
                                    "|421 4.7.0 mx.example Error: too many errors\nend\nslow"));
}
