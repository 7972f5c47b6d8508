// TLS of a server, with a client of our own at the other end, and one that misbehaves.
#include "lib/net/tls_server.h"

#include <sys/ioctl.h>

#include "tests/lib/net/teardown.h"
#include "tests/lib/net/tls_scene.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

namespace {

TlsServerOptions with(const Folder& folder, std::initializer_list<const Identity*> identities) {
  TlsServerOptions options;
  for (const auto* identity : identities) {
    const auto file = folder.file(concat("server-", options.certificates.size()), identity->pem());
    options.certificates.push_back({file, file});
  }
  return options;
}

// A server and a client at the two ends of a connection, in one loop.
struct Meeting {
  explicit Meeting(const TlsServerOptions& options, TlsClientOptions client_options = {}) {
    auto made = TlsServer::make(options);
    REQUIRE_MESSAGE(made, (made ? "" : made.error().text));
    server = std::move(*made);
    client = std::move(*TlsClient::make(client_options));
  }

  Task<void> accept() {
    auto facts = co_await here->accept_tls(*server, loop.in(seconds(8)));
    seen = std::move(facts);
  }
  // What the client makes of it; `seen` is what the server does.
  Result<TlsFacts> meet(TlsClientPeer peer = {}) {
    here.reset();
    there.reset();
    Pair pair;
    here = std::make_unique<Stream>(loop, std::move(pair.ours));
    there = std::make_unique<Stream>(loop, std::move(pair.theirs));
    auto accepting = accept();
    accepting.handle().resume();
    auto facts = finish(loop, there->start_tls(*client, std::move(peer), loop.in(seconds(8))));
    turn_until(loop, [&] { return accepting.done(); });
    return facts;
  }
  std::string line(Stream& stream) {
    auto got = finish(loop, stream.read_line(1000, loop.in(seconds(8))));
    return got ? std::string(got->text) : concat("failed: ", got.error().text);
  }

  Loop loop;
  std::unique_ptr<TlsServer> server;
  std::unique_ptr<TlsClient> client;
  std::unique_ptr<Stream> here, there;
  Result<TlsFacts> seen = fail(Errc::invalid, "nothing yet");
};

TlsClientPeer speaking(std::string protocols, std::string ciphers = "") {
  TlsClientPeer peer;
  peer.protocols = std::move(protocols);
  peer.ciphers = std::move(ciphers);
  return peer;
}

std::string problem(const TlsServerOptions& options) {
  const auto made = TlsServer::make(options);
  return made ? "none" : made.error().text;
}

}  // namespace

TEST_CASE("lines go both ways, and the server knows what they go through") {
  Folder folder;
  Meeting meeting(with(folder, {&world().good}));
  REQUIRE(meeting.meet());
  REQUIRE(meeting.seen);
  CHECK(meeting.seen->standing() == "Anonymous");
  CHECK(meeting.seen->text() ==
        "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
        "server-signature ECDSA (prime256v1) server-digest SHA256");
  CHECK(meeting.here->is_encrypted());
  meeting.there->put("EHLO a.example\r\nNOOP\r\n");
  meeting.there->flush_now();
  CHECK(meeting.line(*meeting.here) == "EHLO a.example");
  CHECK(meeting.line(*meeting.here) == "NOOP");
  meeting.here->put("250 ok\r\n");
  meeting.here->flush_now();
  CHECK(meeting.line(*meeting.there) == "250 ok");
  meeting.there.reset();
  CHECK(meeting.line(*meeting.here) == "failed: connection closed by the peer");
}

TEST_CASE("what was said in plain text before the handshake is thrown away") {
  Folder folder;
  Meeting meeting(with(folder, {&world().good}));
  Pair pair;
  say(pair.theirs, "STARTTLS\r\nRSET\r\nMAIL FROM:<mallory@a.example>\r\n");
  meeting.here = std::make_unique<Stream>(meeting.loop, std::move(pair.ours));
  CHECK(meeting.line(*meeting.here) == "STARTTLS");
  CHECK(meeting.here->buffered() == "RSET\r\nMAIL FROM:<mallory@a.example>\r\n");
  meeting.there = std::make_unique<Stream>(meeting.loop, std::move(pair.theirs));
  auto accepting = meeting.accept();
  accepting.handle().resume();
  REQUIRE(finish(meeting.loop, meeting.there->start_tls(*meeting.client, {}, meeting.loop.in(seconds(8)))));
  turn_until(meeting.loop, [&] { return accepting.done(); });
  REQUIRE(meeting.seen);
  meeting.there->put("NOOP\r\n");
  meeting.there->flush_now();
  CHECK(meeting.line(*meeting.here) == "NOOP");
}

TEST_CASE("certificates of two algorithms serve clients of either, from pairs and from one file of chains") {
  Folder folder;
  TlsServerOptions chains;
  chains.chain_files = {folder.file("both", concat(world().rsa.pem(), world().authority.pem(false),
                                                   world().good.pem(), world().authority.pem(false)))};
  for (const auto& options : {with(folder, {&world().rsa, &world().good}), chains}) {
    Meeting meeting(options);
    const auto ecdsa = meeting.meet(speaking("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"));
    REQUIRE(ecdsa);
    CHECK(ecdsa->fingerprint.size() == 95);
    CHECK(meeting.seen->text() == "TLSv1.2 with cipher ECDHE-ECDSA-AES128-GCM-SHA256 (128/128 bits)");
    const auto rsa = meeting.meet(speaking("TLSv1.2", "DHE-RSA-AES256-GCM-SHA384"));
    REQUIRE(rsa);
    CHECK(rsa->fingerprint != ecdsa->fingerprint);
    CHECK(meeting.seen->cipher == "DHE-RSA-AES256-GCM-SHA384");
  }
}

TEST_CASE("versions and ciphers are what the options say") {
  Folder folder;
  auto options = with(folder, {&world().rsa});
  const auto comes_to = [&](const TlsClientPeer& peer) {
    Meeting meeting(options);
    const auto facts = meeting.meet(peer);
    if (facts) return concat(meeting.seen->protocol, ' ', meeting.seen->cipher);
    CHECK(!meeting.seen);
    return std::string("nothing");
  };
  CHECK(comes_to(speaking("TLSv1")) == "nothing");
  options.protocols = ">=TLSv1";
  CHECK(comes_to(speaking("TLSv1")) == "TLSv1 ECDHE-RSA-AES256-SHA");
  options.protocols = "!SSLv2, !SSLv3, !TLSv1.3";
  CHECK(comes_to(speaking(">=TLSv1", "AES128-GCM-SHA256")) == "TLSv1.2 AES128-GCM-SHA256");
  options.ciphers = "ECDHE-RSA-AES256-GCM-SHA384:AES256-GCM-SHA384";
  CHECK(comes_to(speaking(">=TLSv1", "AES128-GCM-SHA256")) == "nothing");
  const auto either = speaking("TLSv1.2", "AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384");
  CHECK(comes_to(either) == "TLSv1.2 AES256-GCM-SHA384");
  options.prefers_own_ciphers = true;
  CHECK(comes_to(either) == "TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384");
  options.protocols.clear();
  options.groups = "no-such-curve prime256v1";
  Meeting meeting(options);
  REQUIRE(meeting.meet());
  CHECK(meeting.seen->cipher == "TLS_AES_128_GCM_SHA256");
  CHECK(meeting.seen->details.starts_with(
      "key-exchange ECDHE (prime256v1) server-signature RSA-PSS (2048 bits)"));
}

TEST_CASE("a certificate of the client is judged and shown") {
  Folder folder;
  const Identity mine = issue("client.example", "", &world().authority);
  auto options = with(folder, {&world().good});
  TlsClientOptions with_certificate;
  with_certificate.certificate_file = folder.file("mine", mine.pem());
  const auto seen = [&](const TlsClientOptions& client) {
    Meeting meeting(options, client);
    REQUIRE(meeting.meet());
    REQUIRE(meeting.seen);
    return *meeting.seen;
  };
  CHECK(!seen(with_certificate).has_certificate);  // nobody asked
  options.asks_certificate = true;
  CHECK(seen({}).standing() == "Anonymous");
  const auto unknown = seen(with_certificate);
  CHECK(unknown.standing() == "Untrusted");
  CHECK(!unknown.problem.empty());
  CHECK(unknown.subject == "client.example");
  CHECK(unknown.issuer == "Test CA");
  CHECK(unknown.fingerprint.size() == 95);
  CHECK(unknown.details.ends_with(" client-signature ECDSA (prime256v1) client-digest SHA256"));
  options.ca_file = folder.file("ca", world().authority.pem(false));
  CHECK(seen(with_certificate).standing() == "Trusted");
  options.digest = "md5";
  CHECK(seen(with_certificate).fingerprint.size() == 47);
}

TEST_CASE("sessions are resumed with the tickets of this process, unless they may not") {
  Folder folder;
  for (const auto* version : {"TLSv1.2", "TLSv1.3"}) {
    for (const int lifetime : {3600, 0}) {
      auto options = with(folder, {&world().good});
      options.session_lifetime = seconds(lifetime);
      Meeting meeting(options);
      auto peer = speaking(version);
      peer.session = "mx.example:25";
      for (int i = 0; i < 3; ++i) {
        REQUIRE(meeting.meet(peer));
        CHECK(meeting.seen->is_resumed == (i > 0 && lifetime > 0));
        meeting.here->put("250 ok\r\n");  // the tickets of TLS 1.3 come with what is read
        meeting.here->flush_now();
        CHECK(meeting.line(*meeting.there) == "250 ok");
      }
    }
  }
}

TEST_CASE("a file that cannot be used is named") {
  Folder folder;
  const auto both = folder.file("both", world().good.pem());
  const auto certificate = folder.file("certificate", world().good.pem(false));
  const auto noise = folder.file("noise", "-----BEGIN CERTIFICATE-----\nrubbish\n");
  const auto other = folder.file("other", world().rsa.pem());
  TlsServerOptions options;
  CHECK(problem(options) == "No server certs available. TLS won't be enabled");
  const struct {
    TlsKeyFiles files;
    std::string text;
  } rows[] = {
      {{"/nonexistent", both}, "cannot load the certificate from /nonexistent: "},
      {{both, "/nonexistent"}, "cannot load the private key from /nonexistent: "},
      {{noise, both}, concat("cannot load the certificate from ", noise, ": ")},
      {{certificate, certificate}, concat("cannot load the private key from ", certificate, ": ")},
      {{both, other}, concat("the private key in ", other, " is not that of the certificate in ", both)},
  };
  for (const auto& row : rows) {
    options.certificates = {row.files};
    CAPTURE(row.text);
    const auto text = problem(options);
    if (!text.starts_with(row.text)) FAIL_CHECK("got: ", text);
    CHECK(text.ends_with(": disabling TLS support"));
  }
  const struct {
    std::string file, text;
  } chains[] = {
      {"/nonexistent", "cannot read /nonexistent: "},
      {certificate, concat("no private key in ", certificate)},
      {noise, concat("cannot read ", noise)},
      {folder.file("key", std::string(world().good.pem()).erase(world().good.pem().find("-----BEGIN CERT"))),
       "a private key without a certificate in "},
      {folder.file("wrong", concat(other.empty() ? ""
                                                 : world().good.pem().substr(
                                                       0, world().good.pem().find("-----BEGIN CERT")),
                                   world().rsa.pem(false))),
       "a private key in "},
      {folder.file("empty", ""), "no private key in "},
  };
  for (const auto& row : chains) {
    options.chain_files = {row.file};
    CAPTURE(row.text);
    const auto text = problem(options);
    if (!text.starts_with(row.text)) FAIL_CHECK("got: ", text);
  }
  // One good file is enough; the other is to be warned of.
  options.chain_files = {"/nonexistent", both};
  const auto made = TlsServer::make(options);
  REQUIRE(made);
  REQUIRE((*made)->problems().size() == 1);
  CHECK((*made)->problems().front().starts_with("cannot read /nonexistent"));
  options.chain_files = {both};
  options.dh_file = "/nonexistent";
  CHECK((*TlsServer::make(options))->problems().size() == 1);
}

TEST_CASE("other values that cannot be used are named") {
  Folder folder;
  const auto good = with(folder, {&world().good});
  const auto trouble_of = [&](void (*change)(TlsServerOptions&)) {
    auto options = good;
    change(options);
    return problem(options);
  };
  CHECK(trouble_of([](auto& o) { o.protocols = "TLSv9"; }) == "no TLS protocol version: \"TLSv9\"");
  CHECK(trouble_of([](auto& o) { o.ciphers = "nonsense"; }).starts_with("no cipher list: \"nonsense\""));
  CHECK(trouble_of([](auto& o) { o.groups = "nonsense"; }) == "no elliptic curve is known: \"nonsense\"");
  CHECK(trouble_of([](auto& o) { o.digest = "crc"; }) == "no digest: \"crc\"");
  CHECK(trouble_of([](auto& o) {
          o.ca_file = "/nonexistent";
        }).starts_with("cannot load trusted certificates from /nonexistent"));
}

TEST_CASE("a client that goes, is silent, trickles, or speaks no TLS") {
  Folder folder;
  Meeting meeting(with(folder, {&world().good}));
  Pair pair;
  Stream stream(meeting.loop, std::move(pair.ours));
  Errc expected = Errc::lost;
  std::string text;
  SUBCASE("goes") { pair.theirs.reset(); }
  SUBCASE("is silent") { expected = Errc::timeout; }
  SUBCASE("trickles") {
    say(pair.theirs, "\x16\x03");
    expected = Errc::timeout;
  }
  SUBCASE("goes in its first record") {
    say(pair.theirs, "\x16\x03");
    pair.theirs.reset();
  }
  SUBCASE("sends a whole record of nonsense") {
    say(pair.theirs, std::string_view("\x16\x03\x01\x00\x04xxxx", 9));
    expected = Errc::invalid;
  }
  SUBCASE("speaks SMTP") {
    say(pair.theirs, "EHLO client.example\r\n");
    expected = Errc::invalid;
    text = "error:0A00010B:SSL routines::wrong version number:";
  }
  const auto facts =
      finish(meeting.loop, stream.accept_tls(*meeting.server, meeting.loop.in(milliseconds(50))));
  REQUIRE(!facts);
  CHECK(facts.error().kind == expected);
  CHECK(facts.error().text.starts_with(text));
}

TEST_CASE("the rest of a long record of a handshake is left to the system until it is whole") {
  Folder folder;
  Meeting meeting(with(folder, {&world().good}));
  Pair pair;
  auto waiting = [fd = pair.ours.get(), count = 0]() mutable {
    return ::ioctl(fd, FIONREAD, &count) == 0 ? count : -1;
  };
  Stream stream(meeting.loop, std::move(pair.ours));
  auto accepting = stream.accept_tls(*meeting.server, meeting.loop.in(seconds(8)));
  accepting.handle().resume();
  say(pair.theirs, concat(std::string("\x16\x03\x01\x40\x00", 5), std::string(12'000, 'x')));
  turn_until(meeting.loop, [&] { return waiting() == 12'005 - 8192; });
  say(pair.theirs, std::string(16'384 - 12'000 - 1, 'x'));
  meeting.loop.poll();
  CHECK(waiting() == 16'384 + 5 - 8192 - 1);
  SUBCASE("it is") { say(pair.theirs, "x"); }
  SUBCASE("it never is") { pair.theirs.reset(); }
  turn_until(meeting.loop, [&] { return accepting.done(); });
  CHECK(!accepting.handle().promise().take());
}

TEST_CASE("a client that takes its time for each octet of its handshake gets there") {
  Folder folder;
  Meeting meeting(with(folder, {&world().good}));
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Pair pair;
    meeting.here = std::make_unique<Stream>(meeting.loop, std::move(pair.ours));
    auto accepting = meeting.here->accept_tls(*meeting.server, meeting.loop.in(std::chrono::hours(1)));
    accepting.handle().resume();
    const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(context.get()), &SSL_free);
    SSL_set_max_proto_version(client.get(), version);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(client.get(), in, out);
    SSL_set_connect_state(client.get());
    while (SSL_do_handshake(client.get()) != 1 || BIO_pending(out) > 0) {
      REQUIRE(BIO_pending(out) > 0);
      for (char octet = 0; BIO_read(out, &octet, 1) == 1;) {
        say(pair.theirs, std::string_view(&octet, 1));
        meeting.loop.poll();
        meeting.loop.advance(seconds(1));
      }
      const std::string said = heard(pair.theirs);
      if (!said.empty()) BIO_write(in, said.data(), static_cast<int>(said.size()));
    }
    REQUIRE(accepting.done());
    CHECK(accepting.handle().promise().take());
  }
}

namespace {

struct Acceptance {
  explicit Acceptance(Loop& loop) : loop_(loop) {
    server = std::move(*TlsServer::make(with(folder, {&world().good})));
    client = std::move(*TlsClient::make({}));
  }
  Task<void> act() {
    Pair pair;
    Stream here(loop_, std::move(pair.ours)), there(loop_, std::move(pair.theirs));
    auto connecting = there.start_tls(*client, TlsClientPeer(), loop_.in(seconds(5)));
    connecting.handle().resume();
    auto facts = co_await here.accept_tls(*server, loop_.in(seconds(5)));
    REQUIRE(facts);
    here.put("220 mx.example\r\n");
    auto sent = co_await here.flush(loop_.in(seconds(5)));
    REQUIRE(sent);
  }
  void step(int) {}
  Folder folder;
  std::unique_ptr<TlsServer> server;
  std::unique_ptr<TlsClient> client;
  Loop& loop_;
};

}  // namespace

TEST_CASE("a handshake of a server may be left at any point") {
  CHECK(tear_down_everywhere<Acceptance>() > 0);
}
