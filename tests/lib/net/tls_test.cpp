// TLS of a client, against servers of OpenSSL in this process.
#include "lib/net/tls.h"

#include "tests/lib/net/teardown.h"
#include "tests/lib/net/tls_scene.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

TEST_CASE("a line each way, and a goodbye") {
  Scene scene;
  const ServerContext server(&world().good);
  const auto facts = scene.meet(server, asking(TlsTrust::authority, {"mx.example"}), echo);
  REQUIRE(facts);
  CHECK(facts->protocol == "TLSv1.3");
  CHECK(facts->standing() == "Verified");
  CHECK(facts->subject == "mx.example");
  CHECK(facts->issuer == "Test CA");
  CHECK(facts->text().starts_with(
      "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
      "server-signature ECDSA (prime256v1) server-digest SHA256"));
  CHECK(scene.stream->is_encrypted());
  scene.stream->put("EHLO a.example\r\nNOOP\r\n");
  CHECK(scene.line() == "EHLO a.example");
  CHECK(scene.line() == "NOOP");
}

TEST_CASE("what stands before the handshake was not said by the server") {
  Scene scene;
  const ServerContext server(&world().good);
  SUBCASE("with the reply to STARTTLS") {
    Pair pair;
    Stream stream(scene.loop, std::move(pair.ours));
    say(pair.theirs, "220 go on\r\n250 injected\r\n");
    REQUIRE(finish(scene.loop, stream.read_line(100, scene.loop.in(seconds(5)))));
    const auto facts = finish(scene.loop, stream.start_tls(*scene.client, {}, scene.loop.in(seconds(5))));
    REQUIRE(!facts);
    CHECK(facts.error().kind == Errc::invalid);
    CHECK(facts.error().text == "plain text received before the TLS handshake");
    CHECK(!stream.is_encrypted());
  }
  SUBCASE("later, it is no TLS") {
    const auto facts = scene.meet(server, {}, {}, "250 injected\r\n");
    REQUIRE(!facts);
    CHECK(facts.error().kind == Errc::invalid);
    CHECK(facts.error().text == "TLS: wrong version number");
  }
}

TEST_CASE("a server that goes, is silent, or has nothing in common") {
  Scene scene;
  Pair pair;
  SUBCASE("goes") {
    pair.theirs.reset();
    Stream stream(scene.loop, std::move(pair.ours));
    const auto facts = finish(scene.loop, stream.start_tls(*scene.client, {}, scene.loop.in(seconds(5))));
    REQUIRE(!facts);
    CHECK(facts.error().kind == Errc::lost);
  }
  SUBCASE("is silent") {
    Stream stream(scene.loop, std::move(pair.ours));
    const auto facts =
        finish(scene.loop, stream.start_tls(*scene.client, {}, scene.loop.in(milliseconds(20))));
    REQUIRE(!facts);
    CHECK(facts.error().kind == Errc::timeout);
  }
  SUBCASE("TLS 1.0 only") {
    const ServerContext server(&world().rsa, [](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, TLS1_VERSION);
      SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    });
    const auto facts = scene.meet(server, {});
    REQUIRE(!facts);
    CHECK(facts.error().kind == Errc::invalid);
    TlsClientPeer old;
    old.protocols = ">=TLSv1";
    REQUIRE(scene.meet(server, old));
    CHECK(scene.meet(server, old)->protocol == "TLSv1");
  }
  SUBCASE("no cipher in common") {
    const ServerContext server(&world().good, [](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
      SSL_CTX_set_cipher_list(context, "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256");
    });
    TlsClientPeer peer;
    peer.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
    CHECK(!scene.meet(server, peer));
    peer.ciphers = "no-such-cipher";
    const auto facts = scene.meet(server, peer);
    REQUIRE(!facts);
    CHECK(facts.error().text.starts_with("no cipher list: \"no-such-cipher\""));
    peer.ciphers.clear();
    peer.protocols = "TLSv9";
    CHECK(scene.meet(server, peer).error().text == "no TLS protocol version: \"TLSv9\"");
  }
}

TEST_CASE("much goes both ways at once, with the loop's deadlines") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Scene scene;
    const ServerContext server(&world().good,
                               [&](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, version); });
    constexpr std::size_t kMuch = 3'000'000;
    std::size_t taken = 0;
    REQUIRE(scene.meet(server, {}, [&](SSL* ssl) {
      char block[10000];
      for (int n = 0; taken < kMuch && (n = SSL_read(ssl, block, sizeof block)) > 0;) {
        taken += static_cast<std::size_t>(n);
        if (taken % 7 == 0 && version == TLS1_3_VERSION) SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
      }
      const std::string back(kMuch, 'b');
      for (std::size_t sent = 0; sent < kMuch;) {
        const int n = SSL_write(ssl, back.data() + sent, static_cast<int>(kMuch - sent));
        if (n <= 0) return;
        sent += static_cast<std::size_t>(n);
      }
    }));
    const auto sent =
        finish(scene.loop, scene.stream->write(std::string(kMuch, 'a'), scene.loop.in(seconds(9))));
    REQUIRE(sent);
    std::size_t got = 0;
    while (got < kMuch) {
      const auto some = finish(scene.loop, scene.stream->read_some(scene.loop.in(seconds(9))));
      REQUIRE(some);
      got += some->size();
    }
    CHECK(got == kMuch);
    CHECK(taken == kMuch);
    const auto end = finish(scene.loop, scene.stream->read_some(scene.loop.in(seconds(9))));
    REQUIRE(!end);
    CHECK(end.error().kind == Errc::lost);
  }
}

TEST_CASE("a peer that does not read, or says nothing, meets the deadline") {
  std::atomic<bool> over{false};
  Scene scene;
  const ServerContext server(&world().good);
  REQUIRE(scene.meet(server, {}, [&](SSL*) {
    while (!over) std::this_thread::yield();
  }));
  const auto read = finish(scene.loop, scene.stream->read_line(100, scene.loop.in(milliseconds(20))));
  const auto sent =
      finish(scene.loop, scene.stream->write(std::string(5'000'000, 'a'), scene.loop.in(milliseconds(20))));
  over = true;
  REQUIRE(!read);
  REQUIRE(!sent);
  CHECK(read.error().kind == Errc::timeout);
  CHECK(sent.error().kind == Errc::timeout);
}

TEST_CASE("garbage in mid-stream ends the stream") {
  Scene scene;
  const ServerContext server(&world().good);
  REQUIRE(scene.meet(server, {}, [&](SSL* ssl) {
    const std::string noise(100, 'x');
    ::send(SSL_get_fd(ssl), noise.data(), noise.size(), MSG_NOSIGNAL);
  }));
  const auto read = finish(scene.loop, scene.stream->read_line(100, scene.loop.in(seconds(5))));
  REQUIRE(!read);
  CHECK(read.error().kind == Errc::invalid);
  CHECK(!finish(scene.loop, scene.stream->write("QUIT", scene.loop.in(seconds(5)))));
}

TEST_CASE("sessions are resumed for the same peer and the same demands") {
  Scene scene;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const ServerContext server(&world().good, [&](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, version);
      SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("t"), 1);
    });
    auto peer = asking(TlsTrust::authority, {"mx.example"});
    peer.session = concat("mx.example:25 ", version);
    const auto meet = [&] {
      auto facts = scene.meet(server, peer, echo);
      REQUIRE(facts);
      scene.stream->put("NOOP\r\n");  // the tickets of TLS 1.3 come with what is read
      CHECK(scene.line() == "NOOP");
      return *facts;
    };
    CHECK(!meet().is_resumed);
    for (int i = 0; i < 3; ++i) {
      const auto again = meet();
      CHECK(again.is_resumed);
      CHECK(again.standing() == "Verified");
      CHECK(again.subject == "mx.example");
    }
    peer.names = {"other.example"};
    const auto other = meet();
    CHECK(!other.is_resumed);
    CHECK(other.standing() == "Trusted");
    peer.trust = TlsTrust::tlsa;
    peer.tlsa = {tlsa(3, 1, 1, world().good.key_digest())};
    CHECK(!meet().is_resumed);
    const auto dane = meet();
    CHECK(dane.is_resumed);
    CHECK(dane.standing() == "Verified");
    peer.tlsa = {tlsa(3, 1, 1, std::string(32, 'x'))};
    CHECK(meet().standing() == "Untrusted");
  }
}

TEST_CASE("SNI and a certificate of the client") {
  Folder folder;
  const Identity mine = issue("client.example", "", &world().authority);
  const auto check_with = [&](const TlsClientOptions& options) {
    Scene scene(false, options);
    std::string asked, shown;
    const ServerContext server(&world().good, [](SSL_CTX* context) {
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    });
    TlsClientPeer peer;
    peer.server_name = "mx.example";
    REQUIRE(scene.meet(server, peer, [&](SSL* ssl) {
      if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) asked = name;
      X509* certificate = SSL_get1_peer_certificate(ssl);
      if (certificate == nullptr) return;
      char name[200];
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
      shown = name;
      X509_free(certificate);
    }));
    scene.there->join();
    CHECK(asked == "mx.example");
    return shown;
  };
  TlsClientOptions one;
  one.certificate_file = folder.file("both.pem", mine.pem());
  CHECK(check_with(one) == "client.example");
  TlsClientOptions chain;
  chain.chain_files = {one.certificate_file};
  CHECK(check_with(chain) == "client.example");
  CHECK(check_with({}) == "");
}

namespace {

struct Handshake {
  explicit Handshake(Loop& loop) : stream(loop, Fd()), server(&world().good), loop_(loop) {
    TlsClientOptions options;
    client = std::move(*TlsClient::make(options));
  }
  Task<void> act() {
    Pair pair;
    const TlsPeer there(std::move(pair.theirs), server.context, echo);
    Stream own(loop_, std::move(pair.ours));
    auto facts = co_await own.start_tls(*client, TlsClientPeer(), loop_.in(seconds(5)));
    REQUIRE(facts);
    own.put("NOOP\r\n");
    auto line = co_await own.read_line(100, loop_.in(seconds(5)));
    REQUIRE(line);
  }
  void step(int) { std::this_thread::sleep_for(microseconds(200)); }
  Stream stream;
  std::unique_ptr<TlsClient> client;
  ServerContext server;
  Loop& loop_;
};

}  // namespace

TEST_CASE("a handshake may be left at any point") { CHECK(tear_down_everywhere<Handshake>() > 0); }
