#include "smtp/delivery.h"

#include <doctest/doctest.h>

#include "tests/smtp/smtp_fixture.h"

using namespace postern;
using namespace postern::smtp;

namespace {

std::string at(const Remote& remote) { return "[127.0.0.1]:" + std::to_string(remote.port); }

// The greeting of a server that only knows HELO.
const Script kPlain = {"S: 220 mx.example ESMTP", "C: EHLO *", "S: 250 mx.example"};

Script with(Script first, const Script& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

}  // namespace

TEST_CASE("a message goes out in one session, with its commands in one write") {
  SmtpFixture client;
  Remote remote(client.loop);
  auto script = whole_session();
  script.push_back("C: QUIT");
  remote.expects(script);
  const auto answer = client.deliver(SmtpFixture::message(at(remote)));
  CHECK(SmtpFixture::text(answer) == "sent 2.0.0 250 2.0.0 Ok: queued as X");
  CHECK(answer.results[0].arrival == ipc::Arrival::passed_on);
  CHECK(answer.results[0].remote_mta == "127.0.0.1");
  CHECK(answer.results[0].diagnostic == "smtp; 250 2.0.0 Ok: queued as X");
  deliver::wait_until(client.loop, [&] { return remote.heard.size() == 5; });
  CHECK(remote.surprises.empty());
  CHECK(remote.bodies == std::vector<std::string>{"Subject: hello\n\n..body\n"});
  CHECK(deliver::like(client.log_text(),
                      "*: ABC: to=<bob@example.org>, relay=127.0.0.1[127.0.0.1]:*, delay=*, delays=*/*/*/*, "
                      "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as X)\n*"));
}

TEST_CASE("what a server says decides") {
  struct Case {
    const char* name;
    Script script;
    const char* result;
    const char* site;
  };
  const std::string from = "C: MAIL FROM:<ann@example.com>", to = "C: RCPT TO:<bob@example.org>";
  const Case cases[] = {
      {"greeting 4xx",
       {"S: 450 4.3.2 come back", "silence"},
       "deferred 4.3.2 host 127.0.0.1[127.0.0.1] refused to talk to me: 450 4.3.2 come back",
       "4.3.2"},
      {"greeting 5xx",
       {"S: 554 no", "silence"},
       "deferred 4.0.0 host 127.0.0.1[127.0.0.1] refused to talk to me: 554 no",
       "4.0.0"},
      {"closes at once",
       {},
       "deferred 4.4.2 lost connection with 127.0.0.1[127.0.0.1] while receiving the initial server greeting",
       "4.4.2"},
      {"closes after EHLO",
       {"S: 220 mx", "C: EHLO *"},
       "deferred 4.4.2 lost connection with 127.0.0.1[127.0.0.1] while performing the EHLO handshake",
       "4.4.2"},
      {"HELO",
       {"S: 220 mx", "C: EHLO *", "S: 502 what?", "C: HELO mail.example.com", "S: 250 mx", from, "S: 250 ok",
        to, "S: 250 ok", "C: DATA", "S: 354 go", "body", "S: 250 done"},
       "sent 2.0.0 250 done",
       ""},
      {"HELO refused",
       {"S: 220 mx", "C: EHLO *", "S: 502 what?", "C: HELO mail.example.com", "S: 550 5.7.1 no"},
       "bounced 5.7.1 host 127.0.0.1[127.0.0.1] refused to talk to me: 550 5.7.1 no",
       ""},
      {"EHLO 421",
       {"S: 220 mx", "C: EHLO *", "S: 421 4.3.2 busy"},
       "deferred 4.3.2 host 127.0.0.1[127.0.0.1] refused to talk to me: 421 4.3.2 busy",
       "4.3.2"},
      {"MAIL refused", with(kPlain, {from, "S: 550 5.1.8 who?"}),
       "bounced 5.1.8 host 127.0.0.1[127.0.0.1] said: 550 5.1.8 who? (in reply to MAIL FROM command)", ""},
      {"RCPT refused in lines",
       with(kPlain, {from, "S: 250 ok", to, "S: 550-5.1.1 no such", "S: 550 5.1.1 user"}),
       "bounced 5.1.1 host 127.0.0.1[127.0.0.1] said: 550-5.1.1 no such 550 5.1.1 user (in reply to RCPT TO "
       "command)",
       ""},
      {"RCPT later", with(kPlain, {from, "S: 250 ok", to, "S: 450 4.2.1 greylisted"}),
       "deferred 4.2.1 host 127.0.0.1[127.0.0.1] said: 450 4.2.1 greylisted (in reply to RCPT TO command)",
       ""},
      {"a class that does not fit the code", with(kPlain, {from, "S: 250 ok", to, "S: 550 4.1.1 odd"}),
       "bounced 5.0.0 host 127.0.0.1[127.0.0.1] said: 550 4.1.1 odd (in reply to RCPT TO command)", ""},
      {"DATA refused", with(kPlain, {from, "S: 250 ok", to, "S: 250 ok", "C: DATA", "S: 451 4.3.0 disk"}),
       "deferred 4.3.0 host 127.0.0.1[127.0.0.1] said: 451 4.3.0 disk (in reply to DATA command)", ""},
      {"DATA 250", with(kPlain, {from, "S: 250 ok", to, "S: 250 ok", "C: DATA", "S: 250 ok"}),
       "bounced 5.5.0 Protocol error: host 127.0.0.1[127.0.0.1] said: 250 ok (in reply to DATA command)", ""},
      {"DATA in two codes",
       with(kPlain, {from, "S: 250 ok", to, "S: 250 ok", "C: DATA", "S: 354-a", "S: 451 b"}),
       "deferred 4.0.0 host 127.0.0.1[127.0.0.1] said: 354-a 451 b (in reply to DATA command)", ""},
      {"RCPT 354", with(kPlain, {from, "S: 250 ok", to, "S: 354 go"}),
       "bounced 5.5.0 host 127.0.0.1[127.0.0.1] said: 354 go (in reply to RCPT TO command)", ""},
      {"RCPT 199", with(kPlain, {from, "S: 250 ok", to, "S: 199 hm"}),
       "bounced 5.5.0 host 127.0.0.1[127.0.0.1] said: 199 hm (in reply to RCPT TO command)", ""},
      {"greeting 600",
       {"S: 600 no"},
       "bounced 5.5.0 host 127.0.0.1[127.0.0.1] refused to talk to me: 600 no",
       ""},
      {"content refused",
       with(kPlain,
            {from, "S: 250 ok", to, "S: 250 ok", "C: DATA", "S: 354 go", "body", "S: 554 5.7.1 spam"}),
       "bounced 5.7.1 host 127.0.0.1[127.0.0.1] said: 554 5.7.1 spam (in reply to end of DATA command)", ""},
      {"lost at the dot", with(kPlain, {from, "S: 250 ok", to, "S: 250 ok", "C: DATA", "S: 354 go", "body"}),
       "deferred 4.4.2 lost connection with 127.0.0.1[127.0.0.1] while sending end of data -- message may be "
       "sent more "
       "than once",
       "4.4.2"},
      {"garbage before a reply",
       with(kPlain, {from, "S: hello there", "S: 250 ok", to, "S: 250 ok", "C: DATA", "S: 354 go", "body",
                     "S: 250 2.0.0 done"}),
       "sent 2.0.0 250 2.0.0 done", ""},
      {"a reply that nothing asked for",
       {"S: 220 mx\r\n250 too early", "C: *"},
       "deferred 4.7.0 unexpected server message from 127.0.0.1[127.0.0.1]",
       "4.7.0"},
      {"too big",
       {"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 SIZE 10", "C: QUIT"},
       "bounced 5.3.4 message size 22 exceeds size limit 10 of server 127.0.0.1[127.0.0.1]",
       ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    SmtpFixture client;
    Remote remote(client.loop);
    remote.expects(one.script);
    const auto answer = client.deliver(SmtpFixture::message(at(remote)));
    CHECK(SmtpFixture::text(answer) == one.result);
    CHECK(answer.site_dsn == one.site);
  }
}

TEST_CASE("a server that says nothing is left when its time is over") {
  SmtpFixture client;
  Remote remote(client.loop);
  remote.expects(with(kPlain, {"C: MAIL*", "silence"}));
  client.send(SmtpFixture::message(at(remote)));
  deliver::wait_until(client.loop, [&] { return remote.heard.size() == 2; });
  client.loop.advance(seconds(299));
  client.loop.poll();
  CHECK_FALSE(client.is_answered(0));
  client.loop.advance(seconds(2));
  CHECK(SmtpFixture::text(client.wait()) ==
        "deferred 4.4.2 conversation with 127.0.0.1[127.0.0.1] timed out while sending MAIL FROM");
}

TEST_CASE("each recipient has its own reply, and those that are refused do not stop the others") {
  SmtpFixture client;
  Remote remote(client.loop);
  remote.expects({"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 PIPELINING", "C: MAIL*", "C: RCPT TO:<a@x>",
                  "C: RCPT TO:<b@x>", "C: RCPT TO:<c@x>", "C: DATA", "S: 250 ok", "S: 550 5.1.1 a",
                  "S: 250 ok", "S: 450 4.2.1 c", "S: 354 go", "body", "S: 250 2.6.0 done"});
  const auto answer = client.deliver(SmtpFixture::message(at(remote), {"a@x", "b@x", "c@x"}));
  CHECK(SmtpFixture::text(answer) ==
        "bounced 5.1.1 host 127.0.0.1[127.0.0.1] said: 550 5.1.1 a (in reply to RCPT TO command)\n"
        "sent 2.6.0 250 2.6.0 done\n"
        "deferred 4.2.1 host 127.0.0.1[127.0.0.1] said: 450 4.2.1 c (in reply to RCPT TO command)");
  CHECK(answer.site_dsn.empty());
  CHECK(remote.surprises.empty());
}

TEST_CASE("nobody accepted, but 354: the empty message ends the transaction") {
  SmtpFixture client;
  Remote remote(client.loop);
  remote.expects({"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 PIPELINING", "C: MAIL*", "C: RCPT*",
                  "C: DATA", "S: 250 ok", "S: 550 5.1.1 a", "S: 354 go", "body", "S: 554 no valid recipients",
                  "C: QUIT"});
  const auto answer = client.deliver(SmtpFixture::message(at(remote)));
  CHECK(SmtpFixture::text(answer).starts_with("bounced 5.1.1 "));
  deliver::wait_until(client.loop, [&] { return remote.heard.size() == 5; });
  CHECK(remote.bodies == std::vector<std::string>{""});
}

TEST_CASE("exchangers are tried by preference, and a temporary failure goes to the next") {
  SmtpFixture client("smtp_tcp_port = 1\ninet_protocols = ipv4\n");
  Remote first(client.loop, *net::Endpoint::parse("127.0.0.2", 0));
  Remote second(client.loop, *net::Endpoint::parse("127.0.0.3", first.port));
  client.names->mx("example.org", 20, "mx2.example.org");
  client.names->mx("example.org", 10, "mx1.example.org");
  client.names->mx("example.org", 5, "mx0.example.org");
  client.names->address("mx0.example.org", "127.0.0.4");
  client.names->address("mx1.example.org", "127.0.0.2");
  client.names->address("mx2.example.org", "127.0.0.3");
  first.expects(with(kPlain, {"C: MAIL*", "S: 451 4.3.0 not now", "C: QUIT"}));
  second.expects(whole_session());
  const auto answer = client.deliver(SmtpFixture::message("example.org:" + std::to_string(first.port)));
  CHECK(SmtpFixture::text(answer) == "sent 2.0.0 250 2.0.0 Ok: queued as X");
  const auto log = client.log_text();
  CHECK(log.find("connect to mx0.example.org[127.0.0.4]:" + std::to_string(first.port) +
                 ": Connection refused\n") != log.npos);
  CHECK(
      log.find(
          "ABC: host mx1.example.org[127.0.0.2] said: 451 4.3.0 not now (in reply to MAIL FROM command)\n") !=
      log.npos);
  CHECK(log.find("relay=mx2.example.org[127.0.0.3]:") != log.npos);
}

TEST_CASE("where DNS leads nowhere") {
  SmtpFixture client("inet_protocols = ipv4\nproxy_interfaces = 192.0.2.9\n");
  client.names->mx("null.example", 0, "");
  client.names->mx("broken.example", 10, "gone.example");
  client.names->mx("loop.example", 10, "us.example");
  client.names->mx("loop.example", 20, "other.example");
  client.names->address("us.example", "192.0.2.9");
  client.names->address("other.example", "192.0.2.1");
  client.names->exchangers["later.example"].status = net::DnsStatus::try_again;
  const std::pair<const char*, const char*> cases[] = {
      {"null.example", "bounced 5.1.0 Domain null.example does not accept mail (nullMX)"},
      {"no.example",
       "bounced 5.4.4 Host or domain name not found. Name service error for name=no.example type=A: Host not "
       "found"},
      {"broken.example",
       "bounced 5.4.4 Host or domain name not found. Name service error for name=gone.example type=A: Host "
       "not found"},
      {"later.example",
       "deferred 4.4.3 Host or domain name not found. Name service error for name=later.example type=MX: "
       "Host not "
       "found, try again"},
      {"loop.example", "bounced 5.4.6 mail for loop.example loops back to myself"},
      {"[us.example]", "bounced 5.4.6 mail for us.example loops back to myself"}};
  for (const auto& one : cases) {
    CAPTURE(one.first);
    CHECK(SmtpFixture::text(client.deliver(SmtpFixture::message(one.first))) == one.second);
  }
  CHECK(client.log_text().find("relay=none, ") != std::string::npos);
}

TEST_CASE("a connection is used again when there is demand, and a dead one costs nothing") {
  SmtpFixture client;
  Remote remote(client.loop);
  Script two = whole_session();
  for (const char* line : {"C: MAIL*", "C: RCPT*", "C: DATA", "S: 250 ok", "S: 250 ok", "S: 354 go", "body",
                           "S: 250 2.0.0 again"}) {
    two.push_back(line);
  }
  remote.expects(whole_session());  // closes after the first message
  remote.expects(two);
  CHECK(SmtpFixture::text(client.deliver(SmtpFixture::message(at(remote)))).starts_with("sent"));
  CHECK(client.client.cache().idle() == 0);  // nobody else was waiting
  CHECK(SmtpFixture::text(client.deliver(SmtpFixture::message(at(remote)))).starts_with("sent"));
  CHECK(client.client.cache().idle() == 1);
  CHECK(SmtpFixture::text(client.deliver(SmtpFixture::message(at(remote)))) == "sent 2.0.0 250 2.0.0 again");
  CHECK(remote.connections == 2);
  CHECK(client.log_text().find(", conn_use=2, delay=") != std::string::npos);
  remote.expects(whole_session("250 2.0.0 anew"));
  CHECK(SmtpFixture::text(client.deliver(SmtpFixture::message(at(remote)))).starts_with("sent 2.0.0"));
}

TEST_CASE("LMTP: a reply for each recipient") {
  SmtpFixture client("", Side::lmtp);
  Remote remote(client.loop);
  remote.expects({"S: 220 lmtp", "C: LHLO mail.example.com", "S: 250-lmtp", "S: 250 PIPELINING", "C: MAIL*",
                  "C: RCPT*", "C: RCPT*", "C: RCPT*", "C: DATA", "S: 250 ok", "S: 250 ok", "S: 550 5.1.1 b",
                  "S: 250 ok", "S: 354 go", "body", "S: 250 2.1.5 a", "S: 452 4.2.2 c", "C: QUIT",
                  "S: 221 bye"});
  const auto answer = client.deliver(
      SmtpFixture::message("inet:127.0.0.1:" + std::to_string(remote.port), {"a@x", "b@x", "c@x"}));
  CHECK(SmtpFixture::text(answer) ==
        "sent 2.1.5 250 2.1.5 a\n"
        "bounced 5.1.1 host 127.0.0.1[127.0.0.1] said: 550 5.1.1 b (in reply to RCPT TO command)\n"
        "deferred 4.2.2 host 127.0.0.1[127.0.0.1] said: 452 4.2.2 c (in reply to end of DATA command)");
  deliver::wait_until(client.loop, [&] { return remote.heard.size() == 7; });
  CHECK(remote.surprises.empty());
}

TEST_CASE("LMTP over a UNIX socket that is not there") {
  SmtpFixture client("", Side::lmtp);
  const std::string path = client.directory.path("lmtp");
  const auto answer = client.deliver(SmtpFixture::message("unix:" + path));
  CHECK(SmtpFixture::text(answer) ==
        "deferred 4.4.1 connect to mail.example.com[" + path + "]: No such file or directory");
  CHECK(answer.site_dsn == "4.4.1");
}

TEST_CASE("SMTPUTF8 and DSN are passed on only where they are offered") {
  SmtpFixture client;
  Remote remote(client.loop);
  auto wide = SmtpFixture::message(at(remote), {"bj\xc3\xb6rn@example.org"});
  wide.smtputf8 = true;
  remote.expects(with(kPlain, {"C: QUIT"}));
  CHECK(SmtpFixture::text(client.deliver(std::move(wide))) ==
        "bounced 5.6.7 SMTPUTF8 is required, but was not offered by host 127.0.0.1[127.0.0.1]");
  auto wanted = SmtpFixture::message(at(remote));
  wanted.envid = "QQ+2B1";
  wanted.ret = "HDRS";
  wanted.recipients[0].notify = "SUCCESS,FAILURE";
  wanted.recipients[0].orcpt = "rfc822;b+2Bc@x";
  auto script = whole_session();
  script[8] = "C: MAIL FROM:<ann@example.com> SIZE=22 RET=HDRS ENVID=QQ+2B1";
  script[9] = "C: RCPT TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bc@x";
  remote.expects(script);
  remote.expects(script);
  CHECK(SmtpFixture::text(client.deliver(std::move(wanted))).starts_with("sent"));
  CHECK(remote.surprises.empty());
}

TEST_CASE("an original recipient beyond ASCII has a type of its own") {
  SmtpFixture client;
  Remote remote(client.loop);
  auto message = SmtpFixture::message(at(remote));
  message.smtputf8 = true;
  message.recipients[0].original = "bj\xc3\xb6rn+x@example.org";
  auto script = whole_session();
  script[8] = "C: MAIL FROM:<ann@example.com> SIZE=22 SMTPUTF8";
  script[9] = "C: RCPT TO:<bob@example.org> ORCPT=utf-8;bj\xc3\xb6rn+2Bx@example.org";
  remote.expects(script);
  CHECK(SmtpFixture::text(client.deliver(std::move(message))).starts_with("sent"));
  CHECK(remote.surprises.empty());
}

TEST_CASE("nothing that a message carries becomes a command, a parameter or a second message") {
  struct Case {
    std::string sender, recipient, result;
    std::string mail, rcpt;  // what the server hears, if anything
  };
  const std::string sent = "sent 2.0.0 250 2.0.0 Ok: queued as X", nul(1, '\0');
  const Case cases[] = {
      {"a\r\nRCPT TO:<x@y>@example.com", "bob@example.org", "bounced 5.1.7 bad sender address syntax", "",
       ""},
      {"ann@example.com", "b\nDATA@example.org", "bounced 5.1.3 bad recipient address syntax", "", ""},
      {"ann@example.com", "b" + nul + "@example.org", "bounced 5.1.3 bad recipient address syntax", "", ""},
      {"ann@example.com", "b@x> NOTIFY=NEVER", "bounced 5.1.3 bad recipient address syntax", "", ""},
      {"ann@example.com", "b> x@example.org", sent, "MAIL FROM:<ann@example.com> SIZE=*",
       "RCPT TO:<\"b> x\"@example.org> ORCPT=rfc822;bob@example.org"}};
  for (const Case& one : cases) {
    CAPTURE(one.recipient);
    SmtpFixture client;
    Remote remote(client.loop);
    auto script = whole_session();
    if (one.mail.empty()) {
      script.resize(8);
      script.push_back("C: QUIT");
    } else {
      script[8] = "C: " + one.mail;
      script[9] = "C: " + one.rcpt;
    }
    remote.expects(script);
    auto message = SmtpFixture::message(at(remote), {one.recipient});
    message.sender = one.sender;
    // From an old or foreign queue: values that no server of ours would have taken.
    message.envid = "id\r\nRSET";
    message.ret = "FULL BODY=8BITMIME";
    message.body_type = "8BITMIME\nRSET";
    message.recipients[0].notify = "NEVER\r\nDATA";
    message.recipients[0].original = "bob@example.org";
    message.content = "Subject: a\rb\n\na\n.\r\nMAIL FROM:<x>\r\n.\rb\n\r.\r\n";
    CHECK(SmtpFixture::text(client.deliver(std::move(message))) == one.result);
    CHECK(remote.surprises.empty());
    if (one.mail.empty()) continue;
    CHECK(remote.bodies == std::vector<std::string>{"Subject: a b\n\na\n..\nMAIL FROM:<x>\n.. b\n .\n"});
  }
}
