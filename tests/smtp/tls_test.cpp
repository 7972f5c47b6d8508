// TLS and logins, with servers whose certificates are made on the spot.
#include <doctest/doctest.h>

#include <optional>
#include <thread>

#include "tests/lib/net/tls_server.h"
#include "tests/smtp/smtp_fixture.h"

using namespace postern;
using namespace postern::smtp;

namespace {

using net::testing::Identity;
using net::testing::issue;
using net::testing::ServerContext;

// A server in a thread that keeps to scripts, one a connection; "TLS" is a handshake.
class TlsRemote {
 public:
  TlsRemote(const Identity& identity, std::vector<Script> scripts) : context_(&identity) {
    auto fd = net::listen_on(*net::Endpoint::parse("127.0.0.1", 0), 16);
    REQUIRE(fd);
    listener_ = std::move(*fd);
    port = net::local_endpoint(listener_.get()).port();
    ::fcntl(listener_.get(), F_SETFL, 0);
    ::signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this, scripts = std::move(scripts)] {
      for (const Script& script : scripts) {
        const Fd fd_of_one(::accept(listener_.get(), nullptr, nullptr));
        if (!fd_of_one) return;
        talk(fd_of_one.get(), script);
      }
    });
  }
  ~TlsRemote() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  void join() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([] {});
  }

  unsigned port = 0;
  std::vector<std::string> heard;  // after join()

 private:
  static bool read_line(int fd, SSL* ssl, std::string& line) {
    line.clear();
    char c = 0;
    while ((ssl != nullptr ? SSL_read(ssl, &c, 1) : static_cast<int>(::read(fd, &c, 1))) == 1) {
      if (c == '\n') {
        if (line.ends_with('\r')) line.pop_back();
        return true;
      }
      line += c;
    }
    return false;
  }

  void talk(int fd, const Script& script) {
    SSL* ssl = nullptr;
    std::string line;
    for (const std::string& step : script) {
      if (step == "TLS") {
        ssl = SSL_new(context_.context);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) != 1) break;
      } else if (step.starts_with("S: ")) {
        const std::string text = step.substr(3) + "\r\n";
        if (ssl != nullptr) {
          SSL_write(ssl, text.data(), static_cast<int>(text.size()));
        } else if (::write(fd, text.data(), text.size()) < 0) {
          break;
        }
      } else {
        do {
          if (!read_line(fd, ssl, line)) break;
        } while (step == "body" && line != ".");
        heard.push_back(line);
        if (!deliver::like(line, step == "body" ? "." : step.substr(3))) {
          heard.push_back("instead of " + step);
          break;
        }
      }
    }
    SSL_free(ssl);
  }

  ServerContext context_;
  Fd listener_;
  std::thread thread_;
};

const Script kOffer = {"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 STARTTLS"};
const Script kMail = {"C: EHLO *", "S: 250-mx", "S: 250 PIPELINING", "C: MAIL*",
                      "C: RCPT*",  "C: DATA",   "S: 250 ok",         "S: 250 ok",
                      "S: 354 go", "body",      "S: 250 2.0.0 done"};

Script joined(std::initializer_list<Script> parts) {
  Script all;
  for (const Script& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    if (!out.empty()) out += ':';
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string at(unsigned port) { return "[127.0.0.1]:" + std::to_string(port); }

}  // namespace

TEST_CASE("each level asks what it should of a certificate") {
  const Identity authority = issue("Test CA", "", nullptr, true);
  const Identity server = issue("mx.example", "DNS:mx.example", &authority);
  const Script secured = joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS"}, kMail});
  const Script plain = joined({kOffer, Script(kMail.begin() + 3, kMail.end())});
  struct Case {
    std::string settings;
    Script script;
    std::string result;
    std::string log;
  };
  const std::string sent = "sent 2.0.0 250 2.0.0 done";
  TemporaryDirectory directory;
  const std::string trusted = directory.path("ca.pem");
  REQUIRE(replace_file(trusted, authority.pem(false), 0644));
  const std::string ca = "smtp_tls_CAfile = " + trusted + "\n";
  const Case cases[] = {
      {"smtp_tls_security_level = may\n", secured, sent,
       "Untrusted TLS connection established to 127.0.0.1[127.0.0.1]:"},
      {"smtp_tls_security_level = encrypt\n" + ca, secured, sent, "Trusted TLS connection established to "},
      {"smtp_tls_security_level = verify\n", secured, "deferred 4.7.5 Server certificate not trusted",
       "status=deferred"},
      {"smtp_tls_security_level = verify\n" + ca, secured, "deferred 4.7.5 Server certificate not verified",
       ""},
      {"smtp_tls_policy_maps = static:{secure match=mx.example}\n" + ca, secured, sent,
       "Verified TLS connection established to "},
      {"smtp_tls_policy_maps = static:{fingerprint match=" + hex(server.digest()) + "}\n", secured, sent,
       "Verified TLS connection established to "},
      {"smtp_tls_policy_maps = static:{fingerprint match=00:11}\n", secured,
       "deferred 4.7.5 Server certificate not trusted", ""},
      {"smtp_tls_security_level = dane\n", secured, "deferred 4.7.5 client TLS configuration problem",
       "TLS policy lookup for "},
      {"smtp_tls_policy_maps = static:{encrypt color=red}\n", secured,
       "deferred 4.7.5 client TLS configuration problem", "invalid attribute \"color=red\""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.settings);
    SmtpFixture client("smtp_tls_loglevel = 1\n" + one.settings);
    TlsRemote remote(server, {one.script});
    CHECK(SmtpFixture::text(client.deliver(SmtpFixture::message(at(remote.port)))) == one.result);
    CHECK(client.log_text().find(one.log) != std::string::npos);
  }
}

TEST_CASE("TLS that is not to be had") {
  const Identity server = issue("mx.example", "", nullptr);
  const Script mail(kMail.begin() + 3, kMail.end());
  const Script slow = {"C: MAIL*", "S: 250 ok", "C: RCPT*", "S: 250 ok",
                       "C: DATA",  "S: 354 go", "body",     "S: 250 2.0.0 done"};
  const Script no_offer = {"S: 220 mx", "C: EHLO *", "S: 250 mx"};
  const std::string host = "127.0.0.1[127.0.0.1]";
  struct Case {
    const char* level;
    std::vector<Script> scripts;
    std::string result;
    int waited;  // seconds
  };
  const Case cases[] = {
      {"encrypt", {no_offer}, "deferred 4.7.4 TLS is required, but was not offered by host " + host, 0},
      {"may", {joined({no_offer, slow})}, "sent 2.0.0 250 2.0.0 done", 0},
      {"may",
       {joined({kOffer, {"C: STARTTLS", "S: 454 4.7.0 later"}, slow})},
       "sent 2.0.0 250 2.0.0 done",
       0},
      {"encrypt",
       {joined({kOffer, {"C: STARTTLS", "S: 454 4.7.0 later"}})},
       "deferred 4.7.0 TLS is required, but host " + host + " refused to start TLS: 454 4.7.0 later",
       0},
      {"may",
       {joined({kOffer, {"C: STARTTLS", "S: 220 go"}})},
       "deferred 4.7.5 Cannot start TLS: handshake failure",
       0},
      {"may",
       {joined({kOffer, {"C: STARTTLS", "S: 220 go"}}), joined({kOffer, slow})},
       "sent 2.0.0 250 2.0.0 done",
       4000},
      {"encrypt",
       {joined({kOffer, {"C: STARTTLS", "S: 220 go"}})},
       "deferred 4.7.5 Cannot start TLS: handshake failure",
       4000},
      {"may",
       {joined({kOffer, {"C: STARTTLS", "S: 220 go\r\n250 injected"}})},
       "deferred 4.7.0 unexpected server message from " + host,
       0}};
  for (const Case& one : cases) {
    CAPTURE(one.level);
    CAPTURE(one.result);
    SmtpFixture client(std::string("smtp_tls_security_level = ") + one.level + "\n");
    TlsRemote remote(server, one.scripts);
    auto message = SmtpFixture::message(at(remote.port));
    message.arrived -= std::int64_t{one.waited} * 1'000'000;
    CHECK(SmtpFixture::text(client.deliver(std::move(message))) == one.result);
  }
}

TEST_CASE("DANE: TLSA records of a secure host decide") {
  const Identity server = issue("other.name", "", nullptr);
  const Script secured = joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS"}, kMail});
  struct Case {
    bool secure;
    std::string digest;
    std::string level;
    std::string result, log;
  };
  const Case cases[] = {
      {true, server.key_digest(), "dane", "sent 2.0.0 250 2.0.0 done", "Verified TLS connection"},
      {true, std::string(32, 'x'), "dane", "deferred 4.7.5 Server certificate not trusted", ""},
      {false, server.key_digest(), "dane", "sent 2.0.0 250 2.0.0 done", "Untrusted TLS connection"},
      {false, server.key_digest(), "dane-only", "deferred 4.7.5 non DANE destination", ""}};
  for (const Case& one : cases) {
    CAPTURE(one.result);
    SmtpFixture client(
        "smtp_tls_loglevel = 1\nsmtp_dns_support_level = dnssec\ninet_protocols = "
        "ipv4\nsmtp_tls_security_level = " +
        one.level + "\n");
    TlsRemote remote(server, {secured});
    client.names->mx("example.org", 10, "mx.example.org");
    client.names->address("mx.example.org", "127.0.0.1");
    client.names->exchangers["example.org"].secure = client.names->hosts["mx.example.org A"].secure =
        one.secure;
    auto& keys = client.names->keys["_" + std::to_string(remote.port) + "._tcp.mx.example.org"];
    keys.status = net::DnsStatus::found;
    keys.secure = true;
    keys.records.push_back({3, 1, 1, one.digest});
    const auto answer = client.deliver(SmtpFixture::message("example.org:" + std::to_string(remote.port)));
    CHECK(SmtpFixture::text(answer).starts_with(one.result));
    CHECK(client.log_text().find(one.log) != std::string::npos);
  }
}

TEST_CASE("logins") {
  const Script offer = {"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 AUTH PLAIN LOGIN"};
  const Script slow = {"C: MAIL*", "S: 250 ok", "C: RCPT*", "S: 250 ok",
                       "C: DATA",  "S: 354 go", "body",     "S: 250 2.0.0 done"};
  const std::string host = "127.0.0.1[127.0.0.1]";
  const std::string clear = "smtp_sasl_security_options = noanonymous\n";
  struct Case {
    std::string settings;
    Script script;
    std::string result;
  };
  const Case cases[] = {
      {clear, joined({offer, {"C: AUTH PLAIN AGFubgBzZWNyZXQ=", "S: 235 2.7.0 ok"}, slow}),
       "sent 2.0.0 250 2.0.0 done"},
      {clear + "smtp_sasl_mechanism_filter = login\n",
       joined({offer,
               {"C: AUTH LOGIN*", "S: 334 VXNlcm5hbWU6", "C: YW5u", "S: 334 UGFzc3dvcmQ6", "C: c2VjcmV0",
                "S: 235 ok"},
               slow}),
       "sent 2.0.0 250 2.0.0 done"},
      {clear, joined({offer, {"C: AUTH PLAIN *", "S: 535 5.7.8 wrong"}}),
       "deferred 4.7.8 SASL authentication failed; server " + host + " said: 535 5.7.8 wrong"},
      {clear + "smtp_sasl_auth_soft_bounce = no\n",
       joined({offer, {"C: AUTH PLAIN *", "S: 535 5.7.8 wrong"}}),
       "bounced 5.7.8 SASL authentication failed; server " + host + " said: 535 5.7.8 wrong"},
      {"", offer,
       "deferred 4.7.0 SASL authentication failed: server " + host +
           " offered no compatible authentication mechanisms for this type of connection security"},
      {clear, joined({{"S: 220 mx", "C: EHLO *", "S: 250 mx"}, slow}), "sent 2.0.0 250 2.0.0 done"}};
  for (const Case& one : cases) {
    CAPTURE(one.result);
    SmtpFixture client(
        "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = inline:{127.0.0.1=ann:secret}\n" +
        one.settings);
    Remote remote(client.loop);
    remote.expects(one.script);
    CHECK(SmtpFixture::text(client.deliver(SmtpFixture::message(at(remote.port)))) == one.result);
    for (const auto& surprise : remote.surprises) CHECK(surprise == "");
  }
}
