// Sessions that screen began: what was said before counts, what is said from here on is answered, and screen hears of it.
#include "lib/ipc/frame.h"
#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;
using screening::Test;
using screening::TestSet;

namespace {

const std::string kMail = "MAIL FROM:<ann@client.example>";
const std::string kRcpt = "RCPT TO:<bob@home.example>";

ipc::HandedOver greeted(std::vector<std::string> said, std::string unread) {
  ipc::HandedOver state;
  state.heard = ipc::Heard::greeting;
  state.said = std::move(said);
  state.unread = std::move(unread);
  return state;
}

std::int64_t bits(TestSet tests) { return tests.bits(); }

// A host with a client that screen has handed over.
class Resumed : public Host, public Client {
 public:
  explicit Resumed(ipc::HandedOver state, std::string_view main_cf = "")
      : Host(main_cf), Client(static_cast<Host&>(*this), "192.0.2.1", std::move(state)) {}

  // What screen hears: "begun", "offence 2 RCPT text", "watched yes", "end".
  std::vector<std::string> reports() {
    loop.poll();
    const std::string bytes = net::testing::heard(channel());
    ipc::FrameReader reader(true);
    reader.feed(bytes);
    std::vector<std::string> all;
    for (auto frame = reader.next(); frame && *frame; frame = reader.next())
      all.push_back(shown(std::move(**frame)));
    char byte;
    if (::recv(channel().get(), &byte, 1, MSG_DONTWAIT) == 0) all.push_back("end");
    return all;
  }

 private:
  static std::string shown(ipc::Frame frame) {
    if (frame.name == ipc::Offence::name) {
      const auto offence = ipc::decode_message<ipc::Offence>(std::move(frame));
      REQUIRE(offence);
      return concat("offence ", offence->test, " ", offence->after, " ", escaped(offence->text));
    }
    if (frame.name == ipc::Watched::name) {
      const auto watched = ipc::decode_message<ipc::Watched>(std::move(frame));
      REQUIRE(watched);
      return watched->accepted ? "watched yes" : "watched no";
    }
    return frame.name;
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a session goes on at the command that was not answered") {
  Resumed client(greeted({"EHLO client.example", kMail}, kRcpt + "\r\nDATA\r\n"));
  client.expect("250 2.1.5 Ok");
  client.expect("354 *");
  client.sends("Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n");
  client.expect("250 2.0.0 Ok: queued as *");
  client.expect("221 2.0.0 Bye");
  CHECK(client.is_over());
  REQUIRE(client.queue.submitted.size() == 1);
  CHECK(client.queue.submitted[0].sender == "ann@client.example");
  CHECK(client.queue.submitted[0].client.helo == "client.example");
  CHECK(client.queue.submitted[0].client.protocol == "ESMTP");
  CHECK(client.logged("connect from unknown[192.0.2.1]") == 1);
  CHECK(client.logged("disconnect from unknown[192.0.2.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5") ==
        1);
  CHECK(client.reports() == Lines{"begun", "end"});
}

TEST_CASE("what a client has heard of the greeting it does not hear again") {
  ipc::HandedOver state;
  state.client_address = "192.0.2.7";
  Resumed untouched(std::move(state));
  untouched.expect("220 mx.example *");
  ipc::HandedOver teased;
  teased.heard = ipc::Heard::teaser;
  Resumed half(std::move(teased));
  half.expect("220 mx.example *");
  half.expect_silence();
  Resumed known(greeted({}, ""));
  known.expect_silence();
  known.says("QUIT");
  known.expect("221 *");
}

TEST_CASE("errors, and commands that do nothing, count as if they had been made here") {
  const char* few = "smtpd_hard_error_limit = 3\n";
  Resumed client(greeted({"FOO", "BAR"}, "BAZ\r\n"), few);
  client.expect("500 5.5.2 *");
  client.expect("421 4.7.0 mx.example Error: too many errors");
  CHECK(client.logged("disconnect from * unknown=0/3 commands=0/3") == 1);
  Resumed worse(greeted({"FOO", "BAR", "BAZ"}, "QUIT\r\n"), few);
  worse.expect("421 4.7.0 mx.example Error: too many errors");
}

TEST_CASE("RSET and a second HELO end what was said before") {
  Resumed client(greeted({"EHLO client.example", kMail, "RSET"}, kRcpt + "\r\n"));
  client.expect("503 5.5.1 Error: need MAIL command");
  Resumed again(greeted({"EHLO client.example", kMail, "HELO other.example"}, kRcpt + "\r\n"));
  again.expect("503 5.5.1 Error: need MAIL command");
}

TEST_CASE("a refusal that screen did not know of comes with the next command that relies on the yes") {
  const std::string at_once = "smtpd_delay_reject = no\nsmtpd_sender_restrictions = ";
  const std::string bad = "check_sender_access inline:{ann@client.example=REJECT}\n";
  Resumed sender(greeted({"EHLO c.example", kMail}, kRcpt + "\r\n"), at_once + bad);
  sender.expect("554 5.7.1 <ann@client.example>: Sender address rejected: Access denied");
  sender.says("DATA");
  sender.expect("554 5.7.1 <ann@client.example>: Sender address rejected: Access denied");
  CHECK(sender.logged("NOQUEUE: reject: MAIL from *") == 1);
  sender.says("RSET");
  sender.expect("250 2.0.0 Ok");
  sender.says("MAIL FROM:<joe@client.example>");
  sender.expect("250 2.1.0 Ok");
  sender.says(kRcpt);
  sender.expect("250 2.1.5 Ok");

  // The client believes that the first of two senders counts.
  Resumed nested(greeted({"EHLO c.example", kMail, "MAIL FROM:<joe@client.example>"}, kRcpt + "\r\n"),
                 at_once + bad);
  nested.expect("554 5.7.1 <ann@client.example>*");
  nested.says("QUIT");
  nested.expect("221 *");

  const std::string helo =
      "smtpd_delay_reject = no\nsmtpd_helo_restrictions = check_helo_access inline:{c.example=REJECT}\n";
  Resumed name(greeted({"EHLO c.example", kMail}, kRcpt + "\r\n"), helo);
  name.expect("554 5.7.1 <c.example>: Helo command rejected: Access denied");
  name.says("EHLO d.example");
  name.expect("250-*");
  name.says(kMail);
  name.expect("250 2.1.0 Ok");

  const std::string host = "smtpd_delay_reject = no\nsmtpd_client_restrictions = reject\n";
  Resumed denied(greeted({"EHLO c.example", kMail}, kRcpt + "\r\n"), host);
  denied.expect("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied");
}

TEST_CASE("nothing is repeated whose answer would be our own") {
  Resumed client(greeted({"EHLO c.example", kMail, kRcpt}, "DATA\r\n"));
  client.expect("421 4.3.0 mx.example Error: internal error");
  CHECK(client.is_over());
  CHECK(client.logged(
            "warning: session of * was handed over behind a command that cannot be repeated: RCPT*") == 1);
  Resumed wrong(greeted({"EHLO c.example", kMail, "RCPT TO:<"}, kRcpt + "\r\n"));
  wrong.expect("250 2.1.5 Ok");
}

TEST_CASE("a command that ends a session here ends it although screen went on") {
  Resumed client(greeted({"EHLO c.example", "GET / HTTP/1.1"}, "NOOP\r\n"));
  client.expect("221 2.7.0 Error: I can break rules, too. Goodbye.");
  client.expect_silence();
  CHECK(client.is_over());
}

TEST_CASE("who was not offered PIPELINING is not offered it later") {
  ipc::HandedOver state = greeted({}, "EHLO client.example\r\n");
  state.pipelining = false;
  Resumed client(std::move(state));
  const std::string offer = client.next_reply();
  CHECK(offer.find("SIZE") != std::string::npos);
  CHECK(offer.find("PIPELINING") == std::string::npos);
}

TEST_CASE("the watch ends with the first message that was accepted") {
  ipc::HandedOver state = greeted({"EHLO c.example", kMail}, kRcpt + "\r\n");
  state.tests = bits(screening::kDeepTests);
  state.pipelining = false;
  Resumed client(std::move(state));
  client.expect("250 2.1.5 Ok");
  CHECK(client.reports() == Lines{"begun"});
  client.says("DATA");
  client.expect("354 *");
  client.sends("x\r\n.\r\n");
  client.expect("250 *");
  CHECK(client.reports() == Lines{"watched yes", "end"});
  client.sends(kMail + "\n");
  client.expect("250 2.1.0 Ok");
}

TEST_CASE(
    "the watch ends with the session when no message came, and is worth something when RCPT was there") {
  for (const bool to_rcpt : {false, true}) {
    ipc::HandedOver state = greeted({"EHLO c.example", kMail}, to_rcpt ? kRcpt + "\r\n" : "RSET\r\n");
    state.tests = bits(screening::kDeepTests);
    Resumed client(std::move(state));
    client.expect(to_rcpt ? "250 2.1.5 Ok" : "250 2.0.0 Ok");
    client.hangs_up();
    CHECK(client.reports() == (to_rcpt ? Lines{"begun", "watched no", "end"} : Lines{"begun", "end"}));
  }
}

TEST_CASE("an offence is told at once, and the action decides what follows") {
  struct Case {
    Test test;
    std::string unread;   // what the client sends
    std::string report;   // what screen hears
    std::string ignored;  // the first reply when the test's action is ignore
    std::string dropped;  // and the only one when it is drop
  };
  const Case cases[] = {
      {Test::pipelining, "NOOP\r\nRSET\r\n", "offence 2 NOOP RSET\\r\\n", "250 2.0.0 Ok",
       "521 5.5.1 Protocol error"},
      {Test::non_smtp_command, "Subject: x\r\n", "offence 3 MAIL Subject: x",
       "221 2.7.0 Error: I can break rules, too. Goodbye.",
       "521 5.7.0 Error: I can break rules, too. Goodbye."},
      {Test::non_smtp_command, "Subject:x\r\n", "offence 3 MAIL Subject:x",
       "221 2.7.0 Error: I can break rules, too. Goodbye.",
       "521 5.7.0 Error: I can break rules, too. Goodbye."},
      {Test::non_smtp_command, "f\xe4\r\n", "offence 3 MAIL f\\344", "500 5.5.2 Error: bad UTF-8 syntax",
       "521 5.7.0 Error: I can break rules, too. Goodbye."},
      {Test::bare_newline, "NOOP\n", "offence 4 MAIL NOOP", "250 2.0.0 Ok", "521 5.5.1 Protocol error"},
  };
  for (const Case& it : cases) {
    CAPTURE(it.unread);
    for (const bool drop : {false, true}) {
      ipc::HandedOver state = greeted({"EHLO c.example", kMail}, it.unread);
      state.tests = bits(screening::kDeepTests);
      state.dropped = drop ? bits({it.test}) : 0;
      Resumed client(std::move(state));
      client.expect(drop ? it.dropped : it.ignored);
      const auto reports = client.reports();
      REQUIRE(reports.size() >= 2);
      CHECK(reports[1] == it.report);
      CHECK(client.is_over() == (drop || it.ignored.starts_with("221")));
    }
  }
}

TEST_CASE("an argument that is no UTF-8 is an error, and says nothing of the client") {
  ipc::HandedOver state = greeted({"EHLO c.example", kMail}, "RCPT TO:<\xe4@x>\r\n");
  state.tests = state.dropped = bits(screening::kDeepTests);
  Resumed client(std::move(state));
  client.expect("500 5.5.2 Error: bad UTF-8 syntax");
  CHECK(client.reports() == Lines{"begun"});
  CHECK_FALSE(client.is_over());
}

TEST_CASE("a footer names both ends of a connection, as a proxy gave them") {
  ipc::HandedOver state = greeted({}, "RCPT TO:<x>\r\n");
  const std::string footer =
      "smtpd_reject_footer = \\c to $server_address:$server_port from $client_address:$client_port\n";
  SUBCASE("of the socket") {
    Resumed client(std::move(state), footer);
    client.expect("503 5.5.1 Error: need MAIL command to unknown:0 from 192.0.2.1:25");
  }
  SUBCASE("of a proxy") {
    state.server_address = "2001:db8::2";
    state.server_port = 2525;
    Resumed client(std::move(state), footer);
    client.expect("503 5.5.1 Error: need MAIL command to 2001:db8::2:2525 from 192.0.2.1:25");
  }
}

TEST_CASE("an offender whose test is enforced delivers nothing") {
  ipc::HandedOver state = greeted({"EHLO c.example", kMail}, kRcpt + "\n");
  state.tests = bits(screening::kDeepTests);
  state.enforced = bits({Test::bare_newline});
  Resumed client(std::move(state));
  client.expect("550 5.5.1 Protocol error");
  CHECK(client.logged("NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 5.5.1 Protocol error; "
                      "from=<ann@client.example> to=<bob@home.example> proto=ESMTP helo=<c.example>") == 1);
  client.says("RSET");
  client.expect("250 2.0.0 Ok");
  client.says(kMail);
  client.expect("250 2.1.0 Ok");
  client.says(kRcpt);
  client.expect("550 5.5.1 Protocol error");
  client.says("DATA");
  client.expect("554 5.5.1 Error: no valid recipients");
  // One that offends with the command behind its recipients.
  ipc::HandedOver late = greeted({"EHLO c.example", kMail}, kRcpt + "\r\n");
  late.tests = late.enforced = bits({Test::pipelining});
  late.pipelining = false;
  Resumed sender(std::move(late));
  sender.expect("250 2.1.5 Ok");
  sender.sends("DATA\r\nSubject: x\r\n");
  sender.expect("550 5.5.1 Protocol error");
  CHECK(sender.queue.submitted.empty());
}

TEST_CASE("a screen that has gone, or does not listen, is no matter to the session") {
  ipc::HandedOver state = greeted({"EHLO c.example", kMail}, "NOOP\n");
  state.tests = bits(screening::kDeepTests);
  Resumed client(std::move(state));
  client.expect("250 2.0.0 Ok");
  client.channel().reset();
  client.sends("Subject: x\r\n");
  client.expect("221 *");
  CHECK(client.is_over());
}

TEST_CASE(
    "chunks go on wherever the session was handed over, and a late refusal lets none of them be obeyed") {
  const std::string begin = kRcpt + "\r\nBDAT 3\r\na\r\nBDAT 11 LAST\r\n.\r\n";
  const std::string wire = begin + "NOOP\r\nb\rNOOP\r\n";
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    CAPTURE(cut);
    Resumed client(greeted({"EHLO client.example", kMail}, wire.substr(0, cut)));
    client.loop.poll();
    client.sends(std::string_view(wire).substr(cut));
    for (const std::string_view reply :
         {"250 2.1.5 Ok", "250 2.0.0 Ok: 3 bytes", "250 2.0.0 Ok: * bytes queued as *", "250 2.0.0 Ok"}) {
      client.expect(reply);
    }
    client.expect_silence();
    REQUIRE(client.queue.submitted.size() == 1);
    CHECK(client.queue.submitted[0].content == "a\n.\nNOOP\nb \n");
    Resumed refused(greeted({"EHLO client.example", kMail}, wire.substr(0, cut)),
                    "smtpd_delay_reject = no\nsmtpd_sender_restrictions = reject\n");
    refused.loop.poll();
    refused.sends(std::string_view(wire).substr(cut));
    for (int i = 0; i < 3; ++i) refused.expect("554 5.7.1 *");
    refused.expect("250 2.0.0 Ok");
    refused.expect_silence();
  }
}
