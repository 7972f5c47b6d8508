// TLS and logins, with servers whose certificates are made on the spot.
#include <doctest/doctest.h>

#include "tests/smtp/tls_remote.h"

using namespace postern;
using namespace postern::smtp;

namespace {

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
      {"smtp_tls_security_level = verify\n", secured, "deferred 4.7.5 Server certificate not verified",
       "status=deferred"},
      {"smtp_tls_security_level = verify\n" + ca, secured, "deferred 4.7.5 Server certificate not verified",
       ""},
      {"smtp_tls_policy_maps = static:{secure match=mx.example}\n" + ca, secured, sent,
       "Verified TLS connection established to "},
      {"smtp_tls_policy_maps = static:{fingerprint match=" + hex(server.digest()) + "}\n", secured, sent,
       "Verified TLS connection established to "},
      {"smtp_tls_policy_maps = static:{fingerprint match=00:11}\n", secured,
       "deferred 4.7.5 Server certificate not verified", ""},
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
  const Script no_offer = {"S: 220 mx", "C: EHLO *", "S: 250 mx"};
  const Script secured = joined({kOffer, {"C: STARTTLS", "S: 220 go", "TLS"}});
  const Script breaks_at_hello = joined({secured, {"C: EHLO *"}});
  const std::string host = "127.0.0.1[127.0.0.1]";
  struct Case {
    const char* level;
    std::vector<Script> scripts;
    std::string result;
    int waited;  // seconds
  };
  const Case cases[] = {
      {"encrypt", {no_offer}, "deferred 4.7.4 TLS is required, but was not offered by host " + host, 0},
      {"may", {joined({no_offer, kMailByLines})}, "sent 2.0.0 250 2.0.0 done", 0},
      {"may",
       {joined({kOffer, {"C: STARTTLS", "S: 454 4.7.0 later"}, kMailByLines})},
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
       {joined({kOffer, {"C: STARTTLS", "S: 220 go"}}), joined({kOffer, kMailByLines})},
       "sent 2.0.0 250 2.0.0 done",
       4000},
      {"encrypt",
       {joined({kOffer, {"C: STARTTLS", "S: 220 go"}})},
       "deferred 4.7.5 Cannot start TLS: handshake failure",
       4000},
      {"may",
       {breaks_at_hello},
       "deferred 4.4.2 lost connection with " + host + " while performing the EHLO handshake",
       0},
      {"may", {breaks_at_hello, joined({kOffer, kMailByLines})}, "sent 2.0.0 250 2.0.0 done", 4000},
      {"encrypt",
       {breaks_at_hello, joined({kOffer, kMailByLines})},
       "deferred 4.4.2 lost connection with " + host + " while performing the EHLO handshake",
       4000},
      {"may",
       {joined({secured, {"C: EHLO *", "S: 250 mx", "C: MAIL*"}}), joined({kOffer, kMailByLines})},
       "sent 2.0.0 250 2.0.0 done",
       4000},
      {"may",
       {joined({secured, {"C: EHLO *", "S: 250 mx", "C: MAIL*", "S: 250 ok", "C: RCPT*", "S: 550 5.1.1 no"}}),
        joined({kOffer, kMailByLines})},
       "bounced 5.1.1 host " + host + " said: 550 5.1.1 no (in reply to RCPT TO command)",
       4000},
      {"may",
       {joined({secured, Script(kMailByTls.begin(), kMailByTls.end() - 1)}), joined({kOffer, kMailByLines})},
       "deferred 4.4.2 lost connection with " + host +
           " while sending end of data -- message may be sent more than once",
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
      {true, std::string(32, 'x'), "dane", "deferred 4.7.5 Server certificate not verified", ""},
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
  const std::string host = "127.0.0.1[127.0.0.1]";
  const std::string clear = "smtp_sasl_security_options = noanonymous\n";
  struct Case {
    std::string settings;
    Script script;
    std::string result;
  };
  const Case cases[] = {
      {clear, joined({offer, {"C: AUTH PLAIN AGFubgBzZWNyZXQ=", "S: 235 2.7.0 ok"}, kMailByLines}),
       "sent 2.0.0 250 2.0.0 done"},
      {clear + "smtp_sasl_mechanism_filter = login\n",
       joined({offer,
               {"C: AUTH LOGIN*", "S: 334 VXNlcm5hbWU6", "C: YW5u", "S: 334 UGFzc3dvcmQ6", "C: c2VjcmV0",
                "S: 235 ok"},
               kMailByLines}),
       "sent 2.0.0 250 2.0.0 done"},
      {clear, joined({offer, {"C: AUTH PLAIN *", "S: 535 5.7.8 wrong"}}),
       "deferred 4.7.8 SASL authentication failed; server " + host + " said: 535 5.7.8 wrong"},
      {clear + "smtp_sasl_auth_soft_bounce = no\n",
       joined({offer, {"C: AUTH PLAIN *", "S: 535 5.7.8 wrong"}}),
       "bounced 5.7.8 SASL authentication failed; server " + host + " said: 535 5.7.8 wrong"},
      {"", offer,
       "deferred 4.7.0 SASL authentication failed: server " + host +
           " offered no compatible authentication mechanisms for this type of connection security"},
      {clear, joined({{"S: 220 mx", "C: EHLO *", "S: 250 mx"}, kMailByLines}), "sent 2.0.0 250 2.0.0 done"}};
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
      {"502", joined({answering("502 5.5.1 no"), kMailByLines}), sent,
       "bounced 5.5.1 TLS is required, but host " + host + " refused to start TLS: 502 5.5.1 no"},
      {"stripped", joined({{"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 XXXXXXXA"}, kMailByLines}), sent,
       not_offered},
      {"EHLO refused",
       joined({{"S: 220 mx", "C: EHLO *", "S: 502 no", "C: HELO *", "S: 250 mx"}, kMailByLines}), sent,
       not_offered},
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
            kMailByLines}),
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
      TlsRemote remote(server, {is_none ? joined({kOffer, kMailByLines}) : one.script});
      const auto answer = client.deliver(SmtpFixture::message(at(remote.port)));
      CHECK(SmtpFixture::text(answer) == (level[0] == 'e' ? one.encrypt : one.may));
      const bool is_named =
          client.log_text().find("unexpected server message from " + host + ":") != std::string::npos;
      CHECK(is_named == (SmtpFixture::text(answer) == unexpected));
    }
  }
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
