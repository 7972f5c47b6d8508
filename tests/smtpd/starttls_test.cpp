// TLS within a session, with our own client at the other end of the connection.
#include <fstream>

#include "lib/net/tls.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/net/tls_server.h"
#include "tests/smtpd/fixture.h"

using namespace postern;
using namespace postern::smtpd::testing;

namespace {

const std::string& key_file() {
  static const TemporaryDirectory directory;
  static const std::string path = [] {
    auto name = directory.path() + "/key.pem";
    std::ofstream(name) << net::testing::issue("mx.example", "", nullptr).pem();
    return name;
  }();
  return path;
}

class TlsFixture : public SmtpdFixture {
 public:
  explicit TlsFixture(std::string_view main_cf = "")
      : SmtpdFixture(concat("smtpd_tls_security_level = may\nsmtpd_tls_loglevel = 1\nsmtpd_tls_cert_file = ",
                            key_file(), "\n", main_cf)),
        tls_(std::move(*net::TlsClient::make({}))),
        stream_(loop, Fd(::fcntl(fd().get(), F_DUPFD_CLOEXEC, 3))) {}

  void starts_tls() {
    says("STARTTLS");
    expect("220 2.0.0 Ready to start TLS");
    REQUIRE(net::testing::finish(loop, stream_.start_tls(*tls_, {}, loop.in(seconds(8)))));
  }
  // A command within TLS; its reply, the lines joined by '|'.
  std::string asks(std::string_view line) {
    stream_.put(concat(line, "\r\n"));
    return hears();
  }
  // The next reply within TLS, whatever it answers.
  std::string hears() {
    std::string reply;
    for (bool more = true; more;) {
      const auto got = net::testing::finish(loop, stream_.read_line(1000, loop.in(seconds(8))));
      if (!got) return concat(reply, "failed: ", got.error().text);
      reply += concat(reply.empty() ? "" : "|", got->text);
      more = got->text.size() > 3 && got->text[3] == '-';
    }
    return reply;
  }

 private:
  std::unique_ptr<net::TlsClient> tls_;
  net::Stream stream_;
};

}  // namespace

TEST_CASE("after the handshake the session begins anew, and its message came over TLS") {
  TlsFixture client("smtpd_tls_received_header = yes\n");
  client.expect("220 *");
  client.says("EHLO client.example");
  client.expect(
      "250-mx.example|250-PIPELINING|250-SIZE 10240000|250-VRFY|250-STARTTLS|250-ENHANCEDSTATUSCODES|"
      "250-8BITMIME|250 CHUNKING");
  client.says("MAIL FROM:<mallory@client.example>");
  client.expect("250 2.1.0 Ok");
  client.starts_tls();
  CHECK(client.asks("RCPT TO:<bob@home.example>") == "503 5.5.1 Error: need MAIL command");
  CHECK(client.asks("EHLO client.example") ==
        "250-mx.example|250-PIPELINING|250-SIZE 10240000|250-VRFY|250-ENHANCEDSTATUSCODES|250-8BITMIME|250 "
        "CHUNKING");
  CHECK(client.asks("STARTTLS") == "554 5.5.1 Error: TLS already active");
  CHECK(client.asks("MAIL FROM:<ann@client.example>") == "250 2.1.0 Ok");
  CHECK(client.asks("RCPT TO:<bob@home.example>") == "250 2.1.5 Ok");
  CHECK(client.asks("DATA") == "354 End data with <CR><LF>.<CR><LF>");
  CHECK(client.asks("Subject: hi\r\n\r\nhi\r\n.").starts_with("250 2.0.0 Ok: queued as "));
  CHECK(client.asks("QUIT") == "221 2.0.0 Bye");
  CHECK(client.is_over());
  REQUIRE(client.queue.submitted.size() == 1);
  const ipc::Submit& mail = client.queue.submitted.front();
  CHECK(mail.encrypted);
  CHECK(fits(
      "(using TLSv1.3 with cipher * (128/128 bits)\n key-exchange X25519 server-signature ECDSA (prime256v1) "
      "server-digest SHA256)\n(No client certificate requested)",
      mail.tls));
  CHECK(client.logged(
            "Anonymous TLS connection established from unknown[192.0.2.1]: TLSv1.3 with cipher *") == 1);
  CHECK(client.logged("disconnect from unknown[192.0.2.1] ehlo=2 starttls=1/2 mail=2 rcpt=1/2 data=1 quit=1 "
                      "commands=8/10") == 1);
}

TEST_CASE("what stands behind STARTTLS ends the session, and is told of once") {
  struct Case {
    std::string_view sent, shown;
  };
  for (const Case& one : {Case{"STARTTLS\r\nRSET\r\n", "RSET\\r\\n"},
                          Case{"starttls \nMAIL FROM:<a@b>\n", "MAIL FROM:<a@b>\\n"},
                          Case{"STARTTLS\r\nSTARTTLS\r\n", "STARTTLS\\r\\n"},
                          Case{"STARTTLS\r\n\r\n", "\\r\\n"}, Case{"STARTTLS\r\nN", "N"}}) {
    TlsFixture client;
    client.begin();
    client.sends(one.sent);
    client.expect("421 4.7.0 mx.example Error: text behind STARTTLS");
    CHECK(client.is_over());
    CHECK(client.logged(
              concat("warning: TLS: unknown[192.0.2.1] sends plain text behind STARTTLS: ", one.shown)) == 1);
    CHECK(client.logged("improper command pipelining*") == 0);
    CHECK(client.shared.tls.injections.get() == 1);
  }
  // Where there is no TLS to begin, there is nothing to inject into.
  TlsFixture client;
  client.begin();
  client.says_at_once({"STARTTLS now", "NOOP"});
  client.expect("501 5.5.4 Syntax: STARTTLS");
  client.expect("250 2.0.0 Ok");
  client.starts_tls();
  CHECK(client.asks("STARTTLS\r\nNOOP").starts_with("554 5.5.1 "));
  CHECK(client.shared.tls.injections.get() == 0);
  CHECK(client.shared.tls.handshakes.get() == 1);
}

TEST_CASE("TLS in place of plain text, and the web within TLS, end the session") {
  for (const auto* bytes : {"\x16\x03\x01\x02", "\x16\x03\x03\n\n\n"}) {
    SmtpdFixture client;
    client.expect("220 *");
    client.sends(bytes);
    client.expect("221 2.7.0 Error: I can break rules, too. Goodbye.");
    CHECK(client.is_over());
    CHECK(client.logged("warning: TLS: unknown[192.0.2.1] begins with TLS where plain text is spoken") == 1);
  }
  TlsFixture client;
  client.begin();
  client.starts_tls();
  CHECK(client.asks("PUT /x HTTP/1.1") == "221 2.7.0 Error: I can break rules, too. Goodbye.");
  CHECK(client.is_over());
  CHECK(client.shared.tls.confusions.get() == 1);
}

TEST_CASE("text in place of a handshake is an injection as well") {
  TlsFixture client;
  client.begin();
  client.says("STARTTLS");
  client.expect("220 *");
  client.says("NOOP");
  client.hears();
  CHECK(client.is_over());
  CHECK(client.logged("SSL_accept error from unknown[192.0.2.1]: -1") == 1);
  CHECK(client.logged("warning: TLS library problem: *wrong version number*") == 1);
  CHECK(client.shared.tls.injections.get() == 1);
  CHECK(client.shared.tls.failed.get() == 1);
}

TEST_CASE("where TLS is required, little is said without it") {
  TlsFixture client("smtpd_tls_security_level = encrypt\n");
  client.expect("220 *");
  for (const auto* line :
       {"MAIL FROM:<>", "RCPT TO:<a@home.example>", "DATA", "RSET", "VRFY a", "AUTH PLAIN", "ETRN x"}) {
    client.says(line);
    client.expect("530 5.7.0 Must issue a STARTTLS command first");
  }
  client.says("NOOP");
  client.expect("250 2.0.0 Ok");
  client.starts_tls();
  CHECK(client.asks("MAIL FROM:<>") == "250 2.1.0 Ok");
}

TEST_CASE("without keys TLS is offered and cannot be had") {
  SmtpdFixture client("smtpd_tls_security_level = may\nsmtpd_tls_cert_file = /nonexistent\n");
  client.expect("220 *");
  client.says("EHLO client.example");
  client.expect("250-*250-STARTTLS*");
  client.says("STARTTLS");
  client.expect("454 4.7.0 TLS not available due to local problem");
}

TEST_CASE("a handshake has one time limit, may be torn down, and does not keep the process from leaving") {
  TlsFixture client("smtpd_starttls_timeout = 7s\n");
  client.begin();
  client.says("STARTTLS");
  client.expect("220 2.0.0 Ready to start TLS");
  SUBCASE("time") {
    client.sends("\x16");
    client.advance(seconds(6));
    client.sends("\x03");
    CHECK(!client.is_over());
    client.advance(seconds(2));
    CHECK(client.is_over());
    CHECK(client.logged("SSL_accept error from unknown[192.0.2.1]: Connection timed out") == 1);
    CHECK(client.logged("lost connection after STARTTLS from unknown[192.0.2.1]") == 1);
  }
  SUBCASE("tear down") { client.is_torn_down(); }
  SUBCASE("stop") {
    client.shared.stopping = true;
    each_session(client.shared, [](auto& session) { session.stop(); });
    client.loop.poll();
    CHECK(client.is_over());
    CHECK(client.logged("SSL_accept error*") == 0);
  }
}

TEST_CASE("so many new sessions of TLS in a while, one in which that is said, and no more") {
  const std::string limit = "smtpd_client_new_tls_session_rate_limit = 2\n";
  const std::string everybody = "smtpd_client_event_limit_exceptions =\n";
  struct {
    int before;  // handshakes of this client
    std::string main_cf;
    bool may_begin, is_too_many;
  } const cases[] = {{1, limit + everybody, true, false},
                     {2, limit + everybody, true, true},
                     {3, limit + everybody, false, true},
                     {9, limit, true, false},
                     {9, everybody, true, false}};
  for (const auto& one : cases) {
    CAPTURE(one.before);
    TlsFixture client(one.main_cf);
    for (int i = 0; i < one.before; ++i) client.shared.handshakes.add("192.0.2.1", client.loop.now());
    client.expect("220 *");
    if (!one.may_begin) {
      client.says("STARTTLS");
      client.expect("454 4.7.0 Error: too many new TLS sessions from unknown[192.0.2.1]");
      CHECK(client.logged("warning: Refusing STARTTLS request from unknown[192.0.2.1] for service *") == 1);
      client.advance(seconds(60));
    }
    if (one.may_begin || one.before == 3) client.starts_tls();
    if (one.may_begin && one.is_too_many) {
      CHECK(client.hears() ==
            "421 4.7.0 mx.example Error: too many new TLS sessions from unknown[192.0.2.1]");
      CHECK(client.logged(
                "warning: New TLS session rate limit exceeded: 3 from unknown[192.0.2.1] for service *") ==
            1);
      CHECK(client.is_over());
    } else {
      CHECK(client.asks("NOOP") == "250 2.0.0 Ok");
    }
  }
}

TEST_CASE("of very many clients the old ones are forgotten") {
  smtpd::HandshakeRate rate(seconds(60));
  const Instant start{};
  for (int i = 0; i < 20'000; ++i) rate.add(std::to_string(i), start);
  CHECK(rate.add("7", start + seconds(59)) == 1);  // all had to go
  for (int i = 0; i < 30'000; ++i) rate.add(concat("b", std::to_string(i)), start + seconds(59));
  CHECK(rate.size() <= 20'000);
  CHECK(rate.of("b29999", start + seconds(118)) == 1);
  CHECK(rate.of("b29999", start + seconds(119)) == 0);
}
