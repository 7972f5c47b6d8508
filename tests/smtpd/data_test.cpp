#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;

namespace {

std::string lines_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += concat("line ", i, " of a long message\r\n");
  return text;
}

std::string with_lf(std::string text) {
  for (std::size_t at = 0; (at = text.find("\r\n", at)) != std::string::npos;) text.erase(at, 1);
  return text;
}

constexpr std::string_view kHeader = "Subject: long\r\nTo: bob\r\n\r\n";

}  // namespace

TEST_CASE("nothing but CR LF . CR LF ends a message") {
  for (const std::string_view inside : {"\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\r.\r\n",
                                        "\r\n.\r\r\n", "\r\n\0.\r\n", "\n\n.\n\n"}) {
    SmtpdFixture client;
    client.begin_content();
    const std::string smuggled =
        concat("a", inside, "MAIL FROM:<evil@x.example>\r\nRCPT TO:<ann@home.example>\r\nDATA\r\nevil");
    client.sends(smuggled);
    client.expect_silence();
    client.sends("\r\n.\r\n");
    client.expect("250 2.0.0 Ok: queued as *");
    client.expect_silence();
    REQUIRE(client.queue.submitted.size() == 1);
    CHECK(client.queue.submitted[0].content.find("evil@x.example") != std::string::npos);
    CHECK(client.queue.submitted[0].content.find('\r') == std::string::npos);
  }
}

TEST_CASE("bare newlines are refused, noted or let be, as configured") {
  SUBCASE("reject") {
    SmtpdFixture client("smtpd_forbid_bare_newline = reject\nsmtpd_forbid_bare_newline_exclusions =\n");
    client.begin_content();
    client.sends("a\nb\r\n.\r\n");
    client.expect("550 5.5.2 mx.example Error: bare <LF> received");
    CHECK(client.is_over());
    CHECK(client.queue.submitted.empty());
    CHECK(client.logged(
              "*: reject: END-OF-MESSAGE from unknown[192.0.2.1]: 550 5.5.2 mx.example Error: bare <LF> "
              "received; "
              "from=<ann@client.example> to=<bob@home.example> proto=ESMTP helo=<client.example>") == 1);
  }
  SUBCASE("reject, in a command") {
    SmtpdFixture client("smtpd_forbid_bare_newline = reject\nsmtpd_forbid_bare_newline_exclusions =\n");
    client.begin();
    client.sends("NOOP\n");
    client.expect("550 5.5.2 mx.example Error: bare <LF> received");
    CHECK(client.is_over());
  }
  SUBCASE("reject, but not this client") {
    SmtpdFixture client("smtpd_forbid_bare_newline = reject\n");
    client.begin_content();
    client.sends("a\nb\r\n.\r\n");
    client.expect("250 *");
  }
  SUBCASE("note") {
    SmtpdFixture client("smtpd_forbid_bare_newline = note\nsmtpd_forbid_bare_newline_exclusions =\n");
    client.begin_content();
    client.sends("a\nb\r\n.\r\n");
    client.expect("250 *");
    client.says("QUIT");
    client.expect("221 *");
    CHECK(client.logged("disconnect from * commands=5 notes=bare_lf") == 1);
  }
}

TEST_CASE("commands that follow the final dot in one write are obeyed") {
  SmtpdFixture client;
  client.begin_content();
  client.says_at_once({"x", ".", "MAIL FROM:<>", "RCPT TO:<ann@home.example>", "DATA"});
  client.expect("250 2.0.0 Ok: queued as *");
  client.expect("250 2.1.0 Ok");
  client.expect("250 2.1.5 Ok");
  client.expect("354 *");
}

TEST_CASE("what cleanup refuses is refused, and the client may try another message") {
  SmtpdFixture client;
  client.queue.outcome = {550, "5.7.1", "this text is not welcome"};
  client.begin_content();
  client.says("x\r\n.");
  client.expect("550 5.7.1 this text is not welcome");
  client.says("MAIL FROM:<>");
  client.expect("250 *");
}

TEST_CASE("an answer that makes no sense is not taken for success") {
  SmtpdFixture client;
  client.queue.outcome = {299, "2.0.0", "what?"};
  client.begin_content();
  client.says("x\r\n.");
  client.expect("451 4.3.0 Error: queue file write error");
}

TEST_CASE("without a queue no message is taken") {
  SmtpdFixture client;
  client.begin_content();
  client.queue.die();
  client.says("x\r\n.");
  client.expect("451 4.3.0 Error: queue file write error");
  client.says("NOOP");
  client.expect("250 2.0.0 Ok");
}

TEST_CASE("a queue that dies before its answer leaves the client with an error") {
  SmtpdFixture client;
  client.queue.delay = seconds(60);
  client.begin_content();
  client.says("x\r\n.");
  client.expect_silence();
  REQUIRE(client.queue.submitted.size() == 1);
  client.queue.die();
  client.expect("451 4.3.0 Error: queue file write error");
}

TEST_CASE("a size that is announced and too large is refused at MAIL") {
  SmtpdFixture client("message_size_limit = 1000\n");
  client.expect("220 *");
  client.says("EHLO client.example");
  client.expect("250-mx.example|250-PIPELINING|250-SIZE 1000|*");
  client.says("MAIL FROM:<> SIZE=1001");
  client.expect("552 5.3.4 Message size exceeds fixed limit");
  client.says("MAIL FROM:<> SIZE=99999999999999999999");
  client.expect("552 5.3.4 *");
  client.says("MAIL FROM:<> SIZE=1000");
  client.expect("250 2.1.0 Ok");
}

TEST_CASE("content that grows too large is read to its end and forgotten") {
  for (const std::size_t size : {std::size_t{1001}, std::size_t{400'000}}) {
    SmtpdFixture client(concat("message_size_limit = ", size - 1, "\n"));
    client.begin_content();
    const std::string text = std::string(size - 2, 'x') + "\r\n";
    for (std::size_t at = 0; at < size; at += 50'000) {
      client.sends(std::string_view(text).substr(at, 50'000));
      client.expect_silence();
    }
    client.says(".");
    client.expect("552 5.3.4 Error: message file too big");
    CHECK(client.queue.submitted.empty());
    CHECK(client.queue.opened == client.queue.dropped);
    CHECK(client.logged("*: reject: END-OF-MESSAGE from unknown[192.0.2.1]: 552 5.3.4 *") == 1);
    client.says("MAIL FROM:<>");
    client.expect("250 *");
  }
}

TEST_CASE("a message of exactly the limit is taken, and without a limit any") {
  SmtpdFixture client("message_size_limit = 1000\n");
  client.begin_content();
  client.sends(std::string(998, 'x') + "\r\n.\r\n");
  client.expect("250 *");
  CHECK(client.queue.submitted[0].size == 1000);
  SmtpdFixture free("message_size_limit = 0\n");
  free.expect("220 *");
  free.says("EHLO c.example");
  free.expect("250-mx.example|250-PIPELINING|250-SIZE|*");
  free.says("MAIL FROM:<> SIZE=99999999999999999999");
  free.expect("250 *");
}

TEST_CASE("a client that hangs up in its content leaves nothing") {
  SmtpdFixture client;
  client.begin_content();
  client.sends("half a mess");
  client.hangs_up();
  CHECK(client.is_over());
  CHECK(client.queue.submitted.empty());
  CHECK(client.logged("lost connection after DATA (11 bytes) from unknown[192.0.2.1]") == 1);
}

TEST_CASE("content that is large goes to a file, its header with the message") {
  SmtpdFixture client;
  client.begin_content();
  const std::string body = lines_of(500'000);
  client.sends(kHeader);
  for (std::size_t at = 0; at < body.size(); at += 30'000) {
    client.sends(std::string_view(body).substr(at, 30'000));
    client.loop.poll();
  }
  client.says(".");
  client.expect("250 2.0.0 Ok: queued as *");
  REQUIRE(client.queue.submitted.size() == 1);
  const ipc::Submit& mail = client.queue.submitted[0];
  CHECK(mail.spooled);
  CHECK(mail.content == with_lf(std::string(kHeader)));
  CHECK(client.queue.written(mail.queue_id) == with_lf(body));
  CHECK(mail.size == static_cast<std::int64_t>(kHeader.size() + body.size()));
  CHECK(client.queue.opened == std::vector<std::int64_t>{mail.queue_id});
  client.says("QUIT");
  client.expect("221 *");
  CHECK(client.queue.dropped.empty());
}

TEST_CASE("content up to queue_inline_limit needs no file") {
  for (const std::size_t size : {std::size_t{65536}, std::size_t{65537}}) {
    SmtpdFixture client;
    client.begin_content();
    client.sends(concat("\r\n", std::string(size - 2, 'x'), "\r\n.\r\n"));
    client.expect("250 *");
    CHECK(client.queue.submitted.at(0).spooled == (size > 65536));
    CHECK(client.queue.opened.size() == (size > 65536 ? 1 : 0));
  }
}

TEST_CASE("a header section stays whole, unless it is too long to be one") {
  SUBCASE("long") {
    SmtpdFixture client;
    client.begin_content();
    const std::string header = lines_of(90'000) + "\r\n";
    client.sends(header + lines_of(100'000) + ".\r\n");
    client.expect("250 *");
    CHECK(client.queue.submitted.at(0).content == with_lf(header));
  }
  SUBCASE("without end") {
    SmtpdFixture client("header_size_limit = 80000\n");
    client.begin_content();
    const std::string text = lines_of(300'000);
    for (std::size_t at = 0; at < text.size(); at += 50'000) {
      client.sends(std::string_view(text).substr(at, 50'000));
      client.loop.poll();
    }
    client.says(".");
    client.expect("250 *");
    const ipc::Submit& mail = client.queue.submitted.at(0);
    CHECK(mail.content.size() <= 80'000);
    CHECK(mail.content.ends_with(" message\n"));
    CHECK(mail.content + client.queue.written(mail.queue_id) == with_lf(text));
  }
}

TEST_CASE("a file that was opened is dropped when the message does not come") {
  SUBCASE("the client hangs up") {
    SmtpdFixture client;
    client.begin_content();
    client.sends(std::string(100'000, 'x'));
    client.loop.poll();
    client.sends(std::string(100'000, 'x'));
    client.loop.poll();
    REQUIRE(client.queue.opened.size() == 1);
    CHECK(client.queue.dropped.empty());
    client.hangs_up();
    CHECK(client.queue.dropped == client.queue.opened);
  }
  SUBCASE("cleanup refuses") {
    SmtpdFixture client;
    client.queue.outcome = {550, "5.7.1", "no"};
    client.begin_content();
    client.sends(std::string(150'000, 'x') + "\r\n.\r\n");
    client.expect("550 5.7.1 no");
    CHECK(client.queue.opened.size() == 1);
    CHECK(client.queue.dropped == client.queue.opened);
  }
  SUBCASE("the session is torn down") {
    SmtpdFixture client;
    client.begin_content();
    client.sends(std::string(150'000, 'x'));
    client.loop.poll();
    REQUIRE(client.queue.opened.size() == 1);
    client.is_torn_down();
    client.loop.poll();
    CHECK(client.queue.dropped == client.queue.opened);
  }
}

TEST_CASE("a full disk is told to each client and once to the administrator") {
  SmtpdFixture client;
  client.begin_content();
  client.queue.spool = "/dev/full";
  const auto send_large = [&] {
    for (int i = 0; i < 5; ++i) {
      client.sends(std::string(60'000, 'x') + "\r\n");
      client.expect_silence();
    }
    client.says(".");
  };
  const auto again = [&] {
    client.says_at_once({"MAIL FROM:<>", "RCPT TO:<ann@home.example>", "DATA"});
    client.expect("250 *");
    client.expect("250 *");
    client.expect("354 *");
  };
  send_large();
  client.expect("452 4.3.1 Insufficient system storage");
  again();
  send_large();
  client.expect("452 4.3.1 Insufficient system storage");
  CHECK(client.logged("warning: *No space left on device*") == 1);
  CHECK(client.queue.dropped == client.queue.opened);
  client.queue.spool = "";
  again();
  send_large();
  client.expect("250 2.0.0 Ok: queued as *");
  client.queue.spool = "/dev/full";
  again();
  send_large();
  client.expect("452 4.3.1 Insufficient system storage");
  CHECK(client.logged("warning: *No space left on device*") == 2);
}

TEST_CASE("a queue that has no room for a file has no room for the message") {
  SmtpdFixture client;
  client.queue.problem = "open spool file: No space left on device";
  client.begin_content();
  client.sends(std::string(150'000, 'x') + "\r\n.\r\n");
  client.expect("452 4.3.1 Insufficient system storage");
  CHECK(client.queue.submitted.empty());
}

TEST_CASE("the DSN parameters of a client are passed on") {
  SmtpdFixture client;
  client.begin();
  client.says("MAIL FROM:<ann@client.example> RET=HDRS ENVID=QQ+3D314159");
  client.expect("250 2.1.0 Ok");
  client.says("RCPT TO:<bob@home.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob+2B1@home.example");
  client.expect("250 2.1.5 Ok");
  client.says("RCPT TO:<ann@home.example> NOTIFY=NEVER");
  client.expect("250 2.1.5 Ok");
  client.says("DATA");
  client.expect("354 *");
  client.says("x\r\n.");
  client.expect("250 *");
  const ipc::Submit& mail = client.queue.submitted.at(0);
  CHECK(mail.ret == "HDRS");
  CHECK(mail.envid == "QQ+3D314159");
  REQUIRE(mail.recipients.size() == 2);
  CHECK(mail.recipients[0].notify == "SUCCESS,DELAY");
  CHECK(mail.recipients[0].orcpt == "rfc822;Bob+2B1@home.example");
  CHECK(mail.recipients[1].notify == "NEVER");
}
