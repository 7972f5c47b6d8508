#include "smtpd/session.h"

#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;

TEST_CASE("a message goes through, and the log tells its story") {
  SmtpdFixture client;
  client.expect("220 mx.example ESMTP Postern");
  client.says("EHLO client.example");
  client.expect(
      "250-mx.example|250-PIPELINING|250-SIZE 10240000|250-VRFY|250-ENHANCEDSTATUSCODES|250-8BITMIME|250 "
      "CHUNKING");
  client.says("MAIL FROM:<ann@client.example> SIZE=100 BODY=8BITMIME");
  client.expect("250 2.1.0 Ok");
  client.says("RCPT TO:<bob@home.example>");
  client.expect("250 2.1.5 Ok");
  client.says("DATA");
  client.expect("354 End data with <CR><LF>.<CR><LF>");
  client.sends("Subject: hi\r\n\r\n..dot\r\n.\r\n");
  client.expect("250 2.0.0 Ok: queued as *");
  client.says("QUIT");
  client.expect("221 2.0.0 Bye");
  CHECK(client.is_closed());
  CHECK(client.is_over());

  REQUIRE(client.queue.submitted.size() == 1);
  const ipc::Submit& mail = client.queue.submitted.front();
  CHECK(mail.sender == "ann@client.example");
  REQUIRE(mail.recipients.size() == 1);
  CHECK(mail.recipients[0].address == "bob@home.example");
  CHECK(mail.content == "Subject: hi\n\n.dot\n");
  CHECK(mail.size == 21);
  CHECK(mail.client.name == "unknown");
  CHECK(mail.client.address == "192.0.2.1");
  CHECK(mail.client.helo == "client.example");
  CHECK(mail.client.protocol == "ESMTP");
  CHECK(mail.body_type == "8BITMIME");
  CHECK_FALSE(mail.spooled);

  const auto lines = client.log_lines();
  const std::string id = mail::QueueId(mail.queue_id).short_text();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "connect from unknown[192.0.2.1]");
  CHECK(lines[1] == id + ": client=unknown[192.0.2.1]");
  CHECK(lines[2] == "disconnect from unknown[192.0.2.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
}

TEST_CASE("commands out of order are told what is missing") {
  SmtpdFixture client;
  client.begin();
  client.says("RCPT TO:<ann@home.example>");
  client.expect("503 5.5.1 Error: need MAIL command");
  client.says("DATA");
  client.expect("503 5.5.1 Error: need RCPT command");
  client.says("MAIL FROM:<>");
  client.expect("250 2.1.0 Ok");
  client.says("MAIL FROM:<>");
  client.expect("503 5.5.1 Error: nested MAIL command");
  client.says("DATA");
  client.expect("554 5.5.1 Error: no valid recipients");
  client.says("RCPT TO:<ann@home.example>");
  client.expect("250 2.1.5 Ok");
  client.says("RSET");
  client.expect("250 2.0.0 Ok");
  client.says("RCPT TO:<ann@home.example>");
  client.expect("503 5.5.1 Error: need MAIL command");
}

TEST_CASE("a second EHLO ends the transaction") {
  SmtpdFixture client;
  client.begin();
  client.says("MAIL FROM:<>");
  client.expect("250 2.1.0 Ok");
  client.says("EHLO again.example");
  client.expect("250-*");
  client.says("MAIL FROM:<>");
  client.expect("250 2.1.0 Ok");
}

TEST_CASE("HELO gets one line and makes the session SMTP") {
  SmtpdFixture client;
  client.expect("220 *");
  client.says("HELO client.example");
  client.expect("250 mx.example");
  client.says("HELO");
  client.expect("501 Syntax: HELO hostname");
  client.says("MAIL FROM:<>");
  client.expect("250 2.1.0 Ok");
  client.says("RCPT TO:<ann@home.example>");
  client.expect("250 2.1.5 Ok");
  client.says("DATA");
  client.expect("354 *");
  client.says(".");
  client.expect("250 *");
  CHECK(client.queue.submitted.at(0).client.protocol == "SMTP");
}

TEST_CASE("commands that are not obeyed are told so as administrators know it") {
  SmtpdFixture client("smtpd_hard_error_limit = 100\nsmtpd_soft_error_limit = 100\n");
  client.expect("220 *");
  const struct {
    std::string_view line, reply;
  } cases[] = {
      {"HELP", "500 5.5.2 Error: command not recognized"},
      {"EXPN staff", "500 5.5.2 Error: command not recognized"},
      {"TURN", "500 5.5.2 Error: command not recognized"},
      {"", "500 5.5.2 Error: bad syntax"},
      {"STARTTLS", "502 5.5.1 Error: command not implemented"},
      {"AUTH PLAIN", "503 5.5.1 Error: authentication not enabled"},
      {"ETRN example.com", "459 <example.com>: service unavailable"},
      {"ETRN a..b", "501 Error: invalid parameter syntax"},
      {"DATA now", "501 5.5.4 Syntax: DATA"},
      {"MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL FROM:<a b>", "501 5.1.7 Bad sender address syntax"},
      {"MAIL FROM:<> SMTPUTF8", "555 5.5.4 Unsupported option: SMTPUTF8"},
      {"MAIL FROM:<> FUTURE=1", "555 5.5.4 Unsupported option: FUTURE=1"},
      {"NOOP really", "250 2.0.0 Ok"},
      {"RSET", "250 2.0.0 Ok"},
  };
  for (const auto& [line, reply] : cases) {
    const auto& command = line;  // clang 14 cannot capture a binding
    CAPTURE(command);
    client.says(line);
    client.expect(reply);
  }
}

TEST_CASE("VRFY knows whom we would take mail for") {
  SmtpdFixture client;
  client.begin();
  client.says("VRFY ann@home.example");
  client.expect("252 2.0.0 ann@home.example");
  client.says("VRFY <bob@home.example>");
  client.expect("252 2.0.0 bob@home.example");
  client.says("VRFY nobody@home.example");
  client.expect(
      "550 5.1.1 <nobody@home.example>: Recipient address rejected: User unknown in local recipient table");
  client.says("VRFY");
  client.expect("501 5.5.4 Syntax: VRFY address");
  client.says("VRFY Ann Smith");
  client.expect("501 5.1.3 Bad recipient address syntax");
}

TEST_CASE("EHLO leaves out what is switched off, and what it is told to") {
  const struct {
    std::string_view main_cf, reply;
  } cases[] = {
      {"disable_vrfy_command = yes\n",
       "250-mx.example|250-PIPELINING|250-SIZE 10240000|250-ENHANCEDSTATUSCODES|250-8BITMIME|250 CHUNKING"},
      {"smtpd_discard_ehlo_keywords = pipelining, SIZE, vrfy\n",
       "250-mx.example|250-ENHANCEDSTATUSCODES|250-8BITMIME|250 CHUNKING"},
  };
  for (const auto& [main_cf, reply] : cases) {
    SmtpdFixture client(main_cf);
    client.expect("220 *");
    client.says("EHLO client.example");
    client.expect(reply);
  }
}

TEST_CASE("VRFY can be switched off") {
  SmtpdFixture client("disable_vrfy_command = yes\n");
  client.begin();
  client.says("VRFY ann@home.example");
  client.expect("502 5.5.1 VRFY command is disabled");
}

TEST_CASE("HELO can be made a duty") {
  SmtpdFixture client("smtpd_helo_required = yes\n");
  client.expect("220 *");
  client.says("MAIL FROM:<>");
  client.expect("503 5.5.1 Error: send HELO/EHLO first");
  client.says("HELO client.example");
  client.expect("250 *");
  client.says("MAIL FROM:<>");
  client.expect("250 2.1.0 Ok");
}

TEST_CASE("web clients and mail headers are no SMTP") {
  for (const std::string_view line :
       {"GET / HTTP/1.1", "post /x HTTP/1.0", "CONNECT 10.0.0.1:25", "Subject: hello", "Subject:hello"}) {
    CAPTURE(line);
    SmtpdFixture client;
    client.expect("220 *");
    client.sends(concat(line, "\r\nHost: mx.example\r\n\r\n"));
    client.expect("221 2.7.0 Error: I can break rules, too. Goodbye.");
    CHECK(client.is_closed());
    CHECK(client.logged(concat("warning: non-SMTP command from unknown[192.0.2.1]: ", line)) == 1);
  }
}

TEST_CASE("commands can be made to do nothing") {
  SmtpdFixture client("smtpd_noop_commands = verb, X-UNICA\n");
  client.begin();
  client.says("Verb on");
  client.expect("250 2.0.0 Ok");
}

TEST_CASE("a line that is too long is an error, not the end") {
  SmtpdFixture client;
  client.begin();
  client.says(std::string(3000, 'x'));
  client.expect("500 5.5.2 Error: command too long");
  client.says("NOOP");
  client.expect("250 2.0.0 Ok");
}

TEST_CASE("a line without end is the end") {
  SmtpdFixture client;
  client.begin();
  for (int i = 0; i < 20 && !client.is_over(); ++i) {
    client.sends(std::string(8000, 'x'));
    client.loop.poll();
  }
  client.expect("500 5.5.2 Error: command too long");
  CHECK(client.is_over());
}

TEST_CASE("replies to a client that makes errors wait, and at last it is sent away") {
  SmtpdFixture client("smtpd_soft_error_limit = 2\nsmtpd_hard_error_limit = 4\n");
  client.begin();
  Client other(client, "192.0.2.2");
  other.expect("220 *");
  for (int i = 0; i < 2; ++i) {
    client.says("BAD");
    client.expect("500 *");
  }
  client.says("BAD");
  client.expect_silence();
  other.says("NOOP");
  other.expect("250 2.0.0 Ok");
  client.advance(milliseconds(999));
  client.expect_silence();
  client.advance(milliseconds(1));
  client.expect("500 *");
  client.says("  ");
  client.advance(seconds(1));
  client.expect("500 5.5.2 Error: bad syntax");
  client.expect("421 4.7.0 mx.example Error: too many errors");
  CHECK(client.is_over());
  CHECK(client.logged("too many errors after UNKNOWN from unknown[192.0.2.1]") == 1);
  CHECK(client.logged("disconnect from unknown[192.0.2.1] ehlo=1 unknown=0/3 commands=1/4") == 1);
}

TEST_CASE("a message that was taken makes up for errors before it") {
  SmtpdFixture client("smtpd_hard_error_limit = 3\n");
  client.begin();
  for (int i = 0; i < 3; ++i) {
    client.says("BAD");
    client.expect("500 *");
    client.says("BAD");
    client.expect("500 *");
    client.says_at_once({"MAIL FROM:<>", "RCPT TO:<ann@home.example>", "DATA"});
    client.expect("250 *");
    client.expect("250 *");
    client.expect("354 *");
    client.says("x\r\n.");
    client.expect("250 2.0.0 Ok: queued as *");
  }
}

TEST_CASE("commands that do nothing count as errors when there are many") {
  SmtpdFixture client("smtpd_junk_command_limit = 3\nsmtpd_hard_error_limit = 2\n");
  client.begin();
  for (int i = 0; i < 6; ++i) {
    client.says("RSET");
    client.expect("250 2.0.0 Ok");
  }
  client.expect("421 4.7.0 mx.example Error: too many errors");
}

TEST_CASE("a client that goes away is missed") {
  SmtpdFixture client;
  client.begin();
  client.says("MAIL FROM:<>");
  client.expect("250 *");
  client.hangs_up();
  CHECK(client.is_over());
  CHECK(client.logged("lost connection after MAIL from unknown[192.0.2.1]") == 1);
  CHECK(client.logged("disconnect from unknown[192.0.2.1] ehlo=1 mail=1 commands=2") == 1);
}

TEST_CASE("a client that goes away at once has said nothing") {
  SmtpdFixture client;
  client.hangs_up();
  CHECK(client.logged("lost connection after CONNECT from unknown[192.0.2.1]") == 1);
  CHECK(client.logged("disconnect from unknown[192.0.2.1] commands=0/0") == 1);
}

TEST_CASE("the client's name is that of the hosts file, when names are wanted") {
  SmtpdFixture client("", "192.0.2.9");
  CHECK(client.logged("connect from friend.example[192.0.2.9]") == 1);
  SmtpdFixture nameless("smtpd_peername_lookup = no\n", "192.0.2.9");
  CHECK(nameless.logged("connect from unknown[192.0.2.9]") == 1);
  SmtpdFixture modern("", "2001:db8::7");
  CHECK(modern.logged("connect from unknown[2001:db8::7]") == 1);
}

TEST_CASE("a process that stops says so to whoever waits, and lets transactions come to their end") {
  SmtpdFixture idle;
  idle.begin();
  Client busy(idle, "192.0.2.2");
  busy.expect("220 *");
  busy.says("MAIL FROM:<>");
  busy.expect("250 *");
  idle.shared.stopping = true;
  each_session(idle.shared, [](auto& session) { session.stop(); });
  idle.expect("421 4.3.2 mx.example Service shutting down");
  CHECK(idle.is_over());
  CHECK(idle.logged("lost connection*") == 0);
  busy.says_at_once({"RCPT TO:<ann@home.example>"});
  busy.expect("250 *");
  busy.says("DATA");
  busy.expect("354 *");
  busy.says("x\r\n.");
  busy.expect("250 2.0.0 Ok: queued as *");
  busy.expect("421 4.3.2 mx.example Service shutting down");
  CHECK(busy.is_over());
  CHECK(idle.shared.sessions.is_empty());
}

TEST_CASE("soft_bounce, a footer and a filter of commands have their effect") {
  SmtpdFixture client(
      "soft_bounce = yes\nsmtpd_reject_footer = \\c; call $client_address about $sender to $recipient\n"
      "smtpd_command_filter = pcre:{{/^MIAL(.*)/ MAIL$$1}, {/^CRASH/ QUIT}}\n",
      "198.51.100.7");
  client.begin();
  client.says("  MIAL FROM:<$a@client.example>");
  client.expect("250 2.1.0 Ok");
  client.says("RCPT TO:<x@else.example>");
  client.expect(
      "454 4.7.1 <x@else.example>: Relay access denied; call 198.51.100.7 about _a@client.example to "
      "x@else.example");
  CHECK(client.logged(
            "NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 454 4.7.1 <x@else.example>: Relay access "
            "denied; from=*") == 1);
  CHECK(client.logged(
            "unknown[198.51.100.7]: replacing client command \"  MIAL FROM:<$a@client.example>\" with \"MAIL "
            "FROM:<$a@client.example>\"") == 1);
  client.says("foo");
  client.expect("400 4.5.2 Error: command not recognized; call *");
  client.says("CRASH");
  client.expect("221 2.0.0 Bye");
}
