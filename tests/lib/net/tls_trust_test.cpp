// What a client makes of a server's certificate: names, authorities, fingerprints, TLSA records.
#include "tests/lib/net/tls_scene.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

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
      {"a key that is too short", &w.weak, ca, {"mx.example"}, "Untrusted", "EE certificate key too weak"},
      {"the same, nothing asked", &w.weak, any, {}, "Trusted", ""},
      {"an address", &w.numbered, ca, {"192.0.2.1"}, "Verified", ""},
      {"an address of IPv6", &w.numbered, ca, {"2001:db8::1"}, "Verified", ""},
      {"an address as if it were a name", &w.numbered, ca, {"192.0.2.2"}, "Trusted", "no name matches"},
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
  CHECK(!scene.meet(server, strict));
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
