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
  // `choice`: the protocol that it chooses, whatever is offered; empty: none.
  TlsRemote(const Identity& identity, std::vector<Script> scripts, std::string choice = {})
      : context_(&identity), choice_(std::move(choice)) {
    if (!choice_.empty()) SSL_CTX_set_alpn_select_cb(context_.context, &choose, &choice_);
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
  static int choose(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*, unsigned,
                    void* argument) {
    const auto& choice = *static_cast<std::string*>(argument);
    *chosen = reinterpret_cast<const unsigned char*>(choice.data());
    *size = static_cast<unsigned char>(choice.size());
    return SSL_TLSEXT_ERR_OK;
  }

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
  std::string choice_;
  Fd listener_;
  std::thread thread_;
};

const Script kOffer = {"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 STARTTLS"};
const Script kMailByTls = {"C: EHLO *", "S: 250-mx", "S: 250 PIPELINING", "C: MAIL*",
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

// What a service does at its end.
void finish(SmtpFixture& fixture) {
  net::Scope scope(fixture.loop);
  scope.spawn(fixture.client.finish());
  deliver::wait_until(fixture.loop, [&] { return scope.size() == 0; });
}

std::string at(unsigned port) { return "[127.0.0.1]:" + std::to_string(port); }

}  // namespace

TEST_CASE("each level asks what it should of a certificate") {
  const Identity authority = issue("Test CA", "", nullptr, true);
  const Identity server = issue("mx.example", "DNS:mx.example", &authority);
  const Script secured = joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS"}, kMailByTls});
  const Script plain = joined({kOffer, Script(kMailByTls.begin() + 3, kMailByTls.end())});
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
  const Script mail(kMailByTls.begin() + 3, kMailByTls.end());
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
  const Script secured = joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS"}, kMailByTls});
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

TEST_CASE("what a server says around STARTTLS, by level: the client side of NO STARTTLS") {
  const Identity server = issue("mx.example", "", nullptr);
  const std::string host = "127.0.0.1[127.0.0.1]", sent = "sent 2.0.0 250 2.0.0 done";
  const std::string unexpected = "deferred 4.7.0 unexpected server message from " + host;
  const std::string not_offered = "deferred 4.7.4 TLS is required, but was not offered by host " + host;
  const std::string failed = "deferred 4.7.5 Cannot start TLS: handshake failure";
  const Script plain = {"C: MAIL*", "S: 250 ok", "C: RCPT*", "S: 250 ok",
                        "C: DATA",  "S: 354 go", "body",     "S: 250 2.0.0 done"};
  const Script secured = joined({{"TLS"}, kMailByTls});
  const auto answering = [&](const std::string& reply) {
    return joined({kOffer, {"C: STARTTLS", "S: " + reply}});
  };
  struct Case {
    const char* name;
    Script script;
    std::string may, encrypt;  // what becomes of it at these levels
  };
  const Case cases[] = {
      {"250 in place of 220", joined({answering("250 go"), secured}), sent, sent},
      {"220 in lines", joined({answering("220-ready\r\n220 go"), secured}), sent, sent},
      {"502", joined({answering("502 5.5.1 no"), plain}), sent,
       "bounced 5.5.1 TLS is required, but host " + host + " refused to start TLS: 502 5.5.1 no"},
      {"stripped", joined({{"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 XXXXXXXA"}, plain}), sent,
       not_offered},
      {"EHLO refused", joined({{"S: 220 mx", "C: EHLO *", "S: 502 no", "C: HELO *", "S: 250 mx"}, plain}),
       sent, not_offered},
      {"a reply behind 220", answering("220 go\r\n250 injected"), unexpected, unexpected},
      {"an EHLO answer behind 220", answering("220 go\r\n250-mx\r\n250 AUTH PLAIN"), unexpected, unexpected},
      {"half a line behind 220", answering("220 go\r\n250-"), unexpected, unexpected},
      {"220 before it was asked",
       {"S: 220 mx", "C: EHLO *", "S: 250-mx\r\n250 STARTTLS\r\n220 go"},
       unexpected,
       unexpected},
      {"220, and plain text", joined({answering("220 go"), {"C: *", "S: 250 in the clear"}}), failed, failed},
      {"closes", answering("220 go"), failed, failed},
      {"two answers to EHLO within TLS",
       joined({answering("220 go"), {"TLS", "C: EHLO *", "S: 250 mx\r\n250 ok", "C: *"}}), unexpected,
       unexpected},
      {"two answers to MAIL within TLS",
       joined({answering("220 go"),
               {"TLS", "C: EHLO *", "S: 250 mx", "C: MAIL*", "S: 250 ok\r\n250 ok", "C: *"}}),
       unexpected, unexpected},
      {"the end confirmed with 354",
       joined({answering("220 go"),
               {"TLS", "C: EHLO *", "S: 250 mx", "C: MAIL*", "S: 250 ok", "C: RCPT*", "S: 250 ok", "C: DATA",
                "S: 354 go\r\n250 2.0.0 done", "C: *"}}),
       unexpected, unexpected},
      // What was said before TLS is forgotten: no pipelining, no size, no login from there.
      {"only the second EHLO counts",
       joined(
           {{"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250-PIPELINING", "S: 250-SIZE 1", "S: 250-AUTH PLAIN",
             "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS", "C: EHLO *", "S: 250 mx"},
            plain}),
       sent, sent},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    for (const char* level : {"may", "encrypt", "none"}) {
      const bool is_none = std::string(level) == "none";
      if (is_none && one.may != sent) continue;
      CAPTURE(level);
      SmtpFixture client(
          "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = inline:{other=a:b}\n"
          "smtp_tls_security_level = " +
          std::string(level) + "\n");
      TlsRemote remote(server, {is_none ? joined({kOffer, plain}) : one.script});
      const auto answer = client.deliver(SmtpFixture::message(at(remote.port)));
      CHECK(SmtpFixture::text(answer) == (level[0] == 'e' ? one.encrypt : one.may));
      const bool is_named =
          client.log_text().find("unexpected server message from " + host + ":") != std::string::npos;
      CHECK(is_named == (SmtpFixture::text(answer) == unexpected));
    }
  }
}

TEST_CASE("a server that has less TLS than before") {
  const Identity authority = issue("Test CA", "", nullptr, true);
  const Identity server = issue("mx.example", "DNS:mx.example", &authority);
  TemporaryDirectory directory;
  const std::string trusted = directory.path("ca.pem");
  REQUIRE(replace_file(trusted, authority.pem(false), 0644));
  const std::string settings =
      "smtp_tls_security_level = may\nsmtp_tls_history_database = " + directory.path("history.db") +
      "\nsmtp_tls_CAfile = " + trusted + "\n";
  const std::string defer = settings + "smtp_tls_downgrade_action = defer\n",
                    sent = "sent 2.0.0 250 2.0.0 done";
  const std::string less = "deferred 4.7.5 TLS downgrade: host 127.0.0.1[127.0.0.1] ";
  const std::string before = ", but had Trusted TLSv1.3 before";
  const Script plain = {"C: MAIL*", "S: 250 ok", "C: RCPT*", "S: 250 ok",
                        "C: DATA",  "S: 354 go", "body",     "S: 250 2.0.0 done"};
  const Script secured = joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS"}, kMailByTls});
  const Script stripped = joined({{"S: 220 mx", "C: EHLO *", "S: 250 mx"}, plain});
  const Script refused = joined({kOffer, {"C: STARTTLS", "S: 454 later"}, plain});
  struct Case {
    std::string settings;
    Script script;
    std::string result, log;  // no log: nothing is said of a downgrade
    int waited;               // seconds
  };
  const std::string hidden = "smtp_discard_ehlo_keywords = starttls\n";
  const Case cases[] = {
      {defer, stripped, sent, "", 0},  // nothing is known of it yet
      {defer, secured, sent, "", 0},
      {settings, stripped, sent, "does not offer STARTTLS" + before, 0},
      {defer, stripped, less + "does not offer STARTTLS" + before, "does not offer STARTTLS", 0},
      {defer, refused, less + "refuses STARTTLS" + before, "refuses STARTTLS", 0},
      {settings, refused, sent, "refuses STARTTLS", 0},
      {defer, joined({kOffer, {"C: STARTTLS", "S: 220 go"}}), less + "fails in the TLS handshake" + before,
       "fails in the TLS handshake", 4000},
      {defer + hidden, joined({kOffer, plain}), sent, "", 0},  // our own will
      {defer + "smtp_tls_CAfile =\n", secured, sent, "", 0},   // another question, no less of an answer
      {defer, secured, sent, "", 0},
      {defer + "smtp_tls_downgrade_time_limit = 1s\n", stripped, less + "does not offer STARTTLS" + before,
       "does not offer STARTTLS", 0},
  };
  std::vector<Script> scripts;
  for (const Case& one : cases) scripts.push_back(one.script);
  scripts.push_back(stripped);
  scripts.push_back(stripped);
  TlsRemote remote(server, scripts);
  const auto send = [&](const std::string& with, int waited, std::string& log) {
    SmtpFixture client(with);
    auto message = SmtpFixture::message(at(remote.port));
    message.arrived -= std::int64_t{waited} * 1'000'000;
    const auto answer = client.deliver(std::move(message));
    finish(client);
    log = client.log_text();
    return SmtpFixture::text(answer);
  };
  std::string log;
  for (const Case& one : cases) {
    CAPTURE(one.settings);
    CAPTURE(one.result);
    CHECK(send(one.settings, one.waited, log) == one.result);
    CHECK((log.find("TLS downgrade: 127.0.0.1[127.0.0.1]:") != std::string::npos) == !one.log.empty());
    CHECK(log.find(one.log) != std::string::npos);
  }
  // It goes on for longer than smtp_tls_downgrade_time_limit: it is the server's own will.
  const history::TlsKey key(at(remote.port), "127.0.0.1:" + std::to_string(remote.port));
  {
    auto file = history::TlsHistory::open(directory.path("history.db"), history::TlsHistory::Access::change);
    REQUIRE(file);
    auto known = (*file)->find(key);
    REQUIRE(known);
    REQUIRE(*known);
    CHECK((*known)->weaker_since > 0);
    (*known)->weaker_since -= 10;
    REQUIRE((*file)->store({{key, **known}}));
  }
  CHECK(send(defer + "smtp_tls_downgrade_time_limit = 1s\n", 0, log) == sent);
  CHECK(log.find("for so long that it is taken as it is") != std::string::npos);
  CHECK(send(defer, 0, log) == sent);
}

TEST_CASE("the history of TLS: what is old or too much goes, a damaged file is put aside") {
  using history::TlsHistory;
  using Access = TlsHistory::Access;
  TemporaryDirectory directory;
  const std::string path = directory.path("history.db");
  CHECK(TlsHistory::open(path, Access::read).error().kind == Errc::not_found);
  CHECK(TlsHistory::open(path, Access::change).error().kind == Errc::not_found);
  std::string warning;
  {
    auto file = TlsHistory::open_or_begin(path, warning);
    REQUIRE(file);
    REQUIRE(
        (*file)->store({{{"a.example", "mx.example:25"}, history::TlsRecord{"TLSv1.3", 1, "x", 100, 0}},
                        {{"b.example", "mx.example:25"}, history::TlsRecord{"TLSv1.2", 0, "x", 200, 7}},
                        {{"b.example", "mx2.example:25"}, history::TlsRecord{"TLSv1.2", 0, "x", 300, 0}}}));
    REQUIRE((*file)->clean(150));
    CHECK_FALSE(*(*file)->find({"a.example", "mx.example:25"}));
    const auto found = (*file)->find({"b.example", "mx.example:25"});
    REQUIRE(*found);
    CHECK((*found)->protocol == "TLSv1.2");
    CHECK((*found)->weaker_since == 7);
    CHECK(*(*file)->forget("mx.example") == 1);
    CHECK(*(*file)->forget("MX2.example:25") == 1);
    CHECK(*(*file)->forget("b.example") == 0);
  }
  CHECK(warning.empty());
  REQUIRE(replace_file(path, std::string(4096, 'x'), 0600));
  CHECK(TlsHistory::open(path, Access::change).error().kind == Errc::invalid);
  CHECK(TlsHistory::open_or_begin(path, warning));
  CHECK(warning.find(".aside, and a new one begun") != std::string::npos);
}

TEST_CASE("a server that chooses a protocol which was not offered is left") {
  const Identity server = issue("mx.example", "", nullptr);
  const Script secured = joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS"}, kMailByTls});
  struct Case {
    const char* settings;
    const char* choice;
    bool is_sent;
  };
  for (const Case& one : {Case{"", "http/1.1", false}, Case{"", "smtp", true}, Case{"", "", true},
                          Case{"smtp_tls_alpn = smtp, http/1.1\n", "http/1.1", true},
                          Case{"smtp_tls_alpn =\n", "http/1.1", true}}) {
    CAPTURE(one.settings);
    CAPTURE(one.choice);
    SmtpFixture client(std::string("smtp_tls_security_level = may\n") + one.settings);
    TlsRemote remote(server, {secured}, one.choice);
    auto message = SmtpFixture::message(at(remote.port));
    message.arrived -= std::int64_t{4000} * 1'000'000;  // long enough to go in the clear, if that were right
    const std::string text = SmtpFixture::text(client.deliver(std::move(message)));
    CHECK(text ==
          (one.is_sent ? "sent 2.0.0 250 2.0.0 done" : "deferred 4.7.5 Cannot start TLS: handshake failure"));
    const bool is_named =
        client.log_text().find("chooses a protocol (ALPN) that was not offered") != std::string::npos;
    CHECK(is_named == !one.is_sent);
  }
}
