// A client must not be able to tell whether screen or smtpd speaks: the same lines are said to both.
#include <doctest/doctest.h>

#include "screen/dialogue.h"
#include "tests/smtpd/fixture.h"

using namespace postern;

namespace {

using Lines = std::vector<std::string>;

// What a server answers to each line, until it is said to be its own; bytes and all.
void compare(std::string_view main_cf, Lines lines) {
  lines.emplace_back("QUIT");
  smtpd::testing::SmtpdFixture server(main_cf);
  const config::Settings settings(*config::MainCf::parse(concat(smtpd::testing::kMainCf, main_cf)));
  const auto setup = std::move(*screen::DialogueSetup::load(settings));
  // As the server sees its connection, which is no inet socket.
  const screen::Ends ends{"192.0.2.1", "25", "unknown", "0"};
  screen::Dialogue dialogue(*setup, screen::Speech::server, {}, ends);
  CHECK(server.hears() == dialogue.greeting());
  for (const std::string& line : lines) {
    CAPTURE(line);
    const screen::Turn turn = dialogue.hear(line, true, "");
    if (turn.next == screen::Next::hand_over) return;
    server.says(line);
    if (turn.slow) server.advance(*setup->smtpd.error_sleep_time);
    CHECK(server.hears() == turn.reply);
    REQUIRE(server.is_closed() == (turn.next == screen::Next::hang_up));
    if (turn.next == screen::Next::hang_up) return;
  }
  FAIL_CHECK("neither handed over nor over");
}

const Lines kGreetings = {"EHLO client.example",
                          "HELO client.example",
                          "ehlo x",
                          "HELO",
                          "EHLO",
                          "EHLO  a b c",
                          " helo x",
                          "EHLO \xc3\xa4",
                          "EHLO \xff",
                          "EHLO " + std::string(1000, 'x'),
                          "QUIT"};
const Lines kSenders = {"MAIL FROM:<ann@client.example>",
                        "MAIL FROM:<>",
                        "RSET",
                        "MAIL FROM:<>",
                        "RSET",
                        "MAIL FROM: ann@x",
                        "EHLO x",
                        "MAIL FROM:ann",
                        "HELO x",
                        "MAIL FROM:<ann@b>  BODY=8BITMIME SIZE=10",
                        "RCPT TO:<x@y>"};
const Lines kBadSenders = {"MAIL",
                           "MAIL FROM",
                           "MAIL FROM:",
                           "MAIL TO:<x>",
                           "MAIL FROM:<a b>",
                           "MAIL FROM:<a@b> x",
                           "MAIL FROM:<a@b> SIZE=x",
                           "MAIL FROM:<a@b> SIZE=99999999999999999999",
                           "MAIL FROM:<a@b> SMTPUTF8",
                           "QUIT"};
const Lines kMoreBadSenders = {"MAIL FROM:<a@b> BODY=x",
                               "MAIL FROM:<a@b> RET=x",
                               "MAIL FROM:<a@b> ENVID=",
                               "MAIL FROM:<a@b> AUTH=x y",
                               "MAIL FROM:<a@b> SIZE=1 SIZE=1",
                               "MAIL FROM:<\xc3\xa4@b>",
                               "MAIL FROM:<" + std::string(1100, 'a') + "@b>",
                               "QUIT"};
const Lines kNothing = {"NOOP",   "noop with words", "NOOP \xff", "RSET", "RSET x", "rset ",   "HELP",
                        "EXPN x", "XCLIENT A=b",     "foo bar",   "",     "  ",     "quit now"};
const Lines kTooEarly = {"RCPT TO:<x@y>", "RCPT",
                         "RCPT TO:<x y>", "DATA",
                         "DATA x",        "EHLO x",
                         "RCPT TO:<>",    "MAIL FROM:<a@b>",
                         "RCPT",          "RCPT TO:<x> FOO",
                         "RCPT TO:<>",    "RCPT TO:<x@y> NOTIFY=x",
                         "RCPT TO:<x@y>"};
const Lines kWrong(20, "foo");
const Lines kJunk(19, "NOOP");

}  // namespace

TEST_CASE("screen says what smtpd says") {
  const std::string_view kMainCfs[] = {
      "",
      "smtpd_helo_required = yes\nstrict_rfc821_envelopes = yes\nmessage_size_limit = "
      "0\ndisable_vrfy_command = yes\n",
      "smtpd_discard_ehlo_keywords = pipelining, size\nsmtpd_noop_commands = help, "
      "mail\nsmtpd_junk_command_limit = 3\n",
      "soft_bounce = yes\nsmtpd_reject_footer = \\c. Ask $server_name\\nabout <$helo_name> $protocol_name "
      "$client_port $server_address:$server_port\n",
      "smtpd_soft_error_limit = 2\nsmtpd_hard_error_limit = 5\nmessage_size_limit = 9\nqueue_minfree = 0\n",
  };
  for (const std::string_view main_cf : kMainCfs) {
    CAPTURE(main_cf);
    for (const Lines& lines :
         {kGreetings, kSenders, kBadSenders, kMoreBadSenders, kNothing, kTooEarly, kWrong, kJunk}) {
      compare(main_cf, lines);
    }
  }
}
