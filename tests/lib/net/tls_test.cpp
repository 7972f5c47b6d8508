// TLS of a client, against servers of OpenSSL in this process.
#include "lib/net/tls.h"

#include <doctest/doctest.h>

#include <fstream>

#include "lib/base/text.h"
#include "lib/net/stream.h"
#include "lib/net/tls_sessions.h"
#include "tests/lib/net/teardown.h"
#include "tests/lib/net/tls_server.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

namespace {

// One authority and what it issued, made once for all cases.
struct World {
  Identity authority = issue("Test CA", "", nullptr, true);
  Identity good = issue("mx.example", "DNS:mx.example, DNS:*.wild.example", &authority);
  Identity expired = issue("mx.example", "DNS:mx.example", &authority, false, -7200, -3600);
  Identity future = issue("mx.example", "DNS:mx.example", &authority, false, 3600, 7200);
  Identity nameless = issue("mx.example", "", &authority);
  Identity alone = issue("mx.example", "DNS:mx.example", nullptr);
  Identity rsa = issue("mx.example", "DNS:mx.example", &authority, false, -3600, 86400, true);
};
World& world() {
  static World one;
  return one;
}

struct Folder {
  Folder() {
    char name[] = "/tmp/postern-tls-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path + '/' + name) << text;
    return path + '/' + name;
  }
  std::string path;
};

struct Scene {
  explicit Scene(bool trusting = true, TlsClientOptions options = {}) {
    if (trusting) options.ca_file = folder.file("ca.pem", world().authority.pem(false));
    auto made = TlsClient::make(options);
    REQUIRE(made);
    client = std::move(*made);
  }

  // A handshake with a server; both are then there until the next.
  Result<TlsFacts> meet(const ServerContext& server, const TlsClientPeer& peer, TlsPeer::Script script = {},
                        std::string before = {}) {
    stream.reset();
    there.reset();
    Pair pair;
    if (!before.empty()) say(pair.theirs, before);
    there = std::make_unique<TlsPeer>(std::move(pair.theirs), server.context, std::move(script));
    stream = std::make_unique<Stream>(loop, std::move(pair.ours));
    return finish(loop, stream->start_tls(*client, peer, loop.in(seconds(8))));
  }
  std::string line() {
    auto got = finish(loop, stream->read_line(100000, loop.in(seconds(8))));
    return got ? std::string(got->text) : concat("failed: ", got.error().text);
  }

  Folder folder;
  Loop loop;
  std::unique_ptr<TlsClient> client;
  std::unique_ptr<TlsPeer> there;
  std::unique_ptr<Stream> stream;
};

void echo(SSL* ssl) {
  char block[65536];
  for (int n = 0; (n = SSL_read(ssl, block, sizeof block)) > 0;) SSL_write(ssl, block, n);
}

TlsClientPeer asking(TlsTrust trust, std::vector<std::string> names = {}) {
  TlsClientPeer peer;
  peer.trust = trust;
  peer.names = std::move(names);
  return peer;
}

TlsaRecord tlsa(unsigned usage, unsigned selector, unsigned matching, std::string data) {
  TlsaRecord record;
  record.usage = usage;
  record.selector = selector;
  record.matching = matching;
  record.data = std::move(data);
  return record;
}

}  // namespace

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

TEST_CASE("how a certificate stands to what was asked") {
  auto& w = world();
  struct Row {
    const char* what;
    const Identity* server;
    TlsTrust trust;
    std::vector<std::string> names;
    std::string standing, problem;
  };
  const auto any = TlsTrust::none, ca = TlsTrust::authority;
  const Row rows[] = {
      {"nothing asked, known authority", &w.good, any, {}, "Trusted", ""},
      {"nothing asked, self-signed", &w.alone, any, {}, "Untrusted", "self-signed certificate"},
      {"its name", &w.good, ca, {"mx.example"}, "Verified", ""},
      {"its name, in other letters", &w.good, ca, {"MX.Example"}, "Verified", ""},
      {"one of the names", &w.good, ca, {"other.example", "mx.example"}, "Verified", ""},
      {"a name below", &w.good, ca, {".example"}, "Verified", ""},
      {"not itself below", &w.good, ca, {".mx.example"}, "Trusted", "no name matches"},
      {"a wildcard", &w.good, ca, {"a.wild.example"}, "Verified", ""},
      {"a wildcard is one label", &w.good, ca, {"a.b.wild.example"}, "Trusted", "no name matches"},
      {"another name", &w.good, ca, {"mx.example.org"}, "Trusted", "no name matches"},
      {"no name at all", &w.good, ca, {}, "Trusted", "no name matches"},
      {"an empty name", &w.good, ca, {""}, "Trusted", "no name matches"},
      {"the common name, without others", &w.nameless, ca, {"mx.example"}, "Verified", ""},
      {"expired", &w.expired, ca, {"mx.example"}, "Untrusted", "certificate has expired"},
      {"not yet valid", &w.future, ca, {"mx.example"}, "Untrusted", "certificate is not yet valid"},
      {"self-signed", &w.alone, ca, {"mx.example"}, "Untrusted", "self-signed certificate"},
      {"RSA", &w.rsa, ca, {"mx.example"}, "Verified", ""},
  };
  Scene scene;
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const ServerContext server(row.server);
    auto peer = asking(row.trust, row.names);
    const auto facts = scene.meet(server, peer);
    REQUIRE(facts);
    CHECK(facts->standing() == row.standing);
    CHECK(facts->problem == row.problem);
    peer.must_match = true;
    const auto strict = scene.meet(server, peer);
    CHECK(strict.has_value() == (row.trust == TlsTrust::none || row.standing == "Verified"));
    if (!strict) {
      CHECK(strict.error().kind == Errc::denied);
      CHECK(strict.error().text == row.problem);
    }
  }
}

TEST_CASE("without a known authority nothing is trusted, and an opportunistic client goes on") {
  Scene scene(false);
  const ServerContext server(&world().good);
  const auto facts = scene.meet(server, asking(TlsTrust::none));
  REQUIRE(facts);
  CHECK(facts->standing() == "Untrusted");
  CHECK(facts->problem == "unable to get local issuer certificate");
}

TEST_CASE("a server without a certificate is anonymous, where TLS 1.2 and the ciphers allow") {
  TlsClientOptions options;
  options.ciphers = "aNULL:-aNULL:HIGH:@STRENGTH";
  Scene scene(true, options);
  const ServerContext server(nullptr, [](SSL_CTX* context) {
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "aNULL");
  });
  const auto facts = scene.meet(server, asking(TlsTrust::none));
  REQUIRE(facts);
  CHECK(facts->standing() == "Anonymous");
  CHECK(facts->details.empty());
  auto strict = asking(TlsTrust::authority, {"mx.example"});
  const auto verified = scene.meet(server, strict);
  REQUIRE(verified);
  CHECK(verified->problem == "no certificate");
  strict.ciphers = "HIGH:!aNULL";
  CHECK(!scene.meet(server, strict));
}

TEST_CASE("fingerprints of certificates and keys") {
  Scene scene;
  const ServerContext server(&world().alone);
  auto peer = asking(TlsTrust::fingerprint);
  const auto facts = scene.meet(server, peer);
  REQUIRE(facts);
  CHECK(facts->problem == "no fingerprint matches");
  CHECK(facts->fingerprint.size() == 32 * 3 - 1);
  std::string plain = lower(facts->key_fingerprint);
  plain.erase(std::remove(plain.begin(), plain.end(), ':'), plain.end());
  for (const auto& print : {facts->fingerprint, lower(facts->fingerprint), facts->key_fingerprint, plain}) {
    peer.fingerprints = {"00:11", print};
    CHECK(scene.meet(server, peer)->standing() == "Verified");
  }
  peer.fingerprint_digest = "sha1";
  CHECK(scene.meet(server, peer)->standing() == "Untrusted");
  peer.fingerprints = {scene.meet(server, peer)->fingerprint};
  CHECK(scene.meet(server, peer)->standing() == "Verified");
  peer.fingerprint_digest = "no-such-digest";
  peer.fingerprints = {""};
  CHECK(scene.meet(server, peer)->standing() == "Untrusted");
}

TEST_CASE("TLSA records") {
  auto& w = world();
  struct Row {
    const char* what;
    const Identity* server;
    std::vector<TlsaRecord> records;
    bool matched;
  };
  const std::string other(32, 'x');
  const Row rows[] = {
      {"3 1 1", &w.alone, {tlsa(3, 1, 1, w.alone.key_digest())}, true},
      {"3 0 1", &w.alone, {tlsa(3, 0, 1, w.alone.digest())}, true},
      {"3 0 2", &w.alone, {tlsa(3, 0, 2, w.alone.digest(EVP_sha512()))}, true},
      {"3 1 0", &w.alone, {tlsa(3, 1, 0, w.alone.key_bytes())}, true},
      {"usage 3 does not look at times", &w.expired, {tlsa(3, 1, 1, w.expired.key_digest())}, true},
      {"another key", &w.alone, {tlsa(3, 1, 1, other)}, false},
      {"one of several", &w.alone, {tlsa(3, 1, 1, other), tlsa(3, 1, 1, w.alone.key_digest())}, true},
      {"the authority, and a name", &w.good, {tlsa(2, 1, 1, w.authority.key_digest())}, true},
      {"the authority, another name", &w.nameless, {tlsa(2, 0, 1, w.authority.digest())}, true},
      {"the authority of another", &w.alone, {tlsa(2, 1, 1, w.authority.key_digest())}, false},
      {"usages 0 and 1 do not count",
       &w.good,
       {tlsa(1, 1, 1, w.good.key_digest()), tlsa(0, 1, 1, w.authority.key_digest())},
       false},
      {"a digest that is too short", &w.alone, {tlsa(3, 1, 1, w.alone.key_digest().substr(1))}, false},
      {"no record", &w.good, {}, false},
      {"a record that is no certificate", &w.good, {tlsa(3, 0, 0, "nonsense")}, false},
  };
  Scene scene;
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const ServerContext server(row.server, [&](SSL_CTX* context) {
      if (row.records.empty() || row.records[0].usage != 2) return;
      X509* above = world().authority.certificate.get();
      SSL_CTX_add1_chain_cert(context, above);  // usage 2 wants it in the chain
    });
    auto peer = asking(TlsTrust::tlsa, {"mx.example"});
    peer.tlsa = row.records;
    peer.session = row.what;
    for (int round = 0; round < 2; ++round) {
      const auto facts = scene.meet(server, peer, echo);
      REQUIRE(facts);
      CHECK(facts->is_matched == row.matched);
      CHECK(facts->problem.empty() == row.matched);
      CHECK(facts->is_resumed == (round == 1 && row.matched));
      scene.stream->put("NOOP\r\n");
      CHECK(scene.line() == "NOOP");
    }
    peer.session.clear();
    peer.names = {"another.example"};
    const auto misnamed = scene.meet(server, peer);
    REQUIRE(misnamed);
    CHECK(misnamed->is_matched == (row.matched && row.records[0].usage == 3));
  }
  CHECK(!is_usable(tlsa(3, 2, 1, other)));
  CHECK(!is_usable(tlsa(3, 1, 3, other)));
  CHECK(!is_usable(tlsa(3, 1, 0, "")));
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
  Scene scene;
  const ServerContext server(&world().good);
  std::atomic<bool> over{false};
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

TEST_CASE("a server that asks to renegotiate is not followed") {
  Scene scene;
  const ServerContext server(
      &world().good, [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); });
  REQUIRE(scene.meet(server, {}, [](SSL* ssl) {
    SSL_renegotiate(ssl);
    SSL_do_handshake(ssl);
    SSL_write(ssl, "still here\r\n", 12);
    char rest[100];
    SSL_read(ssl, rest, sizeof rest);
  }));
  // Refused with a warning; whether the server goes on is its choice, ours is only that no second handshake happens.
  const std::string line = scene.line();
  const bool fine = line == "still here" || line.starts_with("failed: ");
  CHECK(fine);
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

TEST_CASE("the memory for sessions is bounded") {
  TlsSessions sessions{seconds(100)};
  for (std::size_t i = 0; i < 2 * TlsSessions::kMost; ++i)
    sessions.keep(concat("host ", i), SSL_SESSION_new());
  sessions.keep("host 2000", SSL_SESSION_new());
  CHECK(sessions.size() == TlsSessions::kMost);
  CHECK(sessions.take("host 0") == nullptr);
  TlsSessions brief{seconds(0)};
  brief.keep("host", SSL_SESSION_new());
  CHECK(brief.take("host") == nullptr);
  CHECK(brief.size() == 0);
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

TEST_CASE("what is wrong with the files and words of an administrator is said") {
  Folder folder;
  const auto problem = [](const TlsClientOptions& options) {
    const auto made = TlsClient::make(options);
    return made ? std::string("fine") : made.error().text;
  };
  TlsClientOptions options;
  options.ca_file = folder.path + "/none";
  CHECK(problem(options).starts_with(concat("cannot load trusted certificates from ", options.ca_file)));
  options = {};
  options.ca_path = folder.path + "/none";
  CHECK(problem(options).starts_with(concat("cannot read the directory of certificates ", options.ca_path)));
  options = {};
  options.certificate_file = folder.file("bad.pem", "nothing\n");
  CHECK(problem(options).starts_with(concat("cannot load the certificate from ", options.certificate_file)));
  options.certificate_file = folder.file("a.pem", world().good.pem());
  options.key_file = folder.file("b.pem", world().alone.pem());
  CHECK(problem(options).find("b.pem") != std::string::npos);
  options = {};
  options.protocols = "TLSv7";
  CHECK(problem(options) == "no TLS protocol version: \"TLSv7\"");
  options = {};
  options.ciphers = "bad-cipher";
  CHECK(problem(options).starts_with("no cipher list: \"bad-cipher\""));
  // A directory with hashed names, as c_rehash makes it.
  options = {};
  options.ca_path = folder.path;
  folder.file("0123abcd.0", world().authority.pem(false));
  folder.file("0123abcd.1", "a bad one\n");
  Scene scene(false, options);
  const ServerContext server(&world().good);
  CHECK(scene.meet(server, asking(TlsTrust::none))->standing() == "Trusted");
}

TEST_CASE("the words for protocols") {
  const std::pair<const char*, std::vector<int>> good[] = {{"", {0x300, 0x301, 0x302, 0x303, 0x304}},
                                                           {">=TLSv1.2", {0x303, 0x304}},
                                                           {">=tlsv1, <=TLSv1.2", {0x301, 0x302, 0x303}},
                                                           {">=0303", {0x303, 0x304}},
                                                           {"<=0x0303 >=0x302", {0x302, 0x303}},
                                                           {"!SSLv2, !SSLv3", {0x301, 0x302, 0x303, 0x304}},
                                                           {"!SSLv2:!SSLv3:!TLSv1", {0x302, 0x303, 0x304}},
                                                           {"TLSv1.2 TLSv1.3", {0x303, 0x304}},
                                                           {"TLSv1, TLSv1.2", {0x301, 0x303}},
                                                           {">=TLSv1, !TLSv1.1", {0x301, 0x303, 0x304}}};
  for (const auto& row : good) {
    CAPTURE(row.first);
    CHECK(tls_versions(row.first).value_or(std::vector<int>()) == row.second);
  }
  for (const char* bad :
       {"TLSv2", "!", ">=", ">=x", "<=0xfffff", "SSLv2", "TLSv1.2 !TLSv1.2", ">=TLSv1.3 <=TLSv1.2", "TLS"}) {
    CAPTURE(bad);
    CHECK(!tls_versions(bad));
  }
}

TEST_CASE("the words for ciphers") {
  CHECK(tls_cipher_list("HIGH", "aNULL, 3DES:RC4  MD5") == "HIGH:!aNULL:!3DES:!RC4:!MD5");
  CHECK(tls_cipher_list("HIGH", "") == "HIGH");
  CHECK(check_tls_ciphers("aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH"));
  CHECK(!check_tls_ciphers("nonsense"));
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
