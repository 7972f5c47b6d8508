// What a peer may do within TLS, and what ends the connection: OpenSSL at the other end, and records written by hand.
#include "lib/net/tls_guard.h"

#include "lib/net/tls_server.h"
#include "tests/lib/net/tls_scene.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

namespace {

using Script = std::function<void(SSL*)>;
using SetUp = std::function<void(SSL*)>;

// A server of ours and a client in a thread, which does as the script says once it has TLS.
struct Attacked {
  explicit Attacked(TlsServerOptions options = {}) {
    const auto file = folder.file("key", world().good.pem());
    options.certificates.push_back({file, file});
    server = std::move(*TlsServer::make(options));
  }

  // The handshake with it, and then the next line.
  void meet(int version, Script script, SetUp set_up = {}) {
    ::signal(SIGPIPE, SIG_IGN);
    Pair pair;
    std::thread client([&, fd = std::move(pair.theirs)] {
      ::fcntl(fd.get(), F_SETFL, 0);
      SSL_CTX* context = SSL_CTX_new(TLS_client_method());
      SSL_CTX_set_max_proto_version(context, version);
      SSL* ssl = SSL_new(context);
      SSL_set_fd(ssl, fd.get());
      if (set_up) set_up(ssl);
      connected = SSL_connect(ssl) == 1;
      if (connected) script(ssl);
      // What the server has yet to say finds somebody.
      char rest[1000];
      while (SSL_read(ssl, rest, sizeof rest) > 0) {
      }
      SSL_free(ssl);
      SSL_CTX_free(context);
      ERR_clear_error();
    });
    accept(std::move(pair.ours));
    if (facts) heard();
    stream.reset();  // the client hears of it
    client.join();
  }
  // The same with bytes in place of a client; what the server said to them.
  std::string meet_bytes(const std::string& bytes) {
    Pair pair;
    say(pair.theirs, bytes);
    ::shutdown(pair.theirs.get(), SHUT_WR);
    accept(std::move(pair.ours));
    stream.reset();
    return testing::heard(pair.theirs);
  }

  void accept(Fd fd) {
    stream = std::make_unique<Stream>(loop, std::move(fd));
    facts = finish(loop, stream->accept_tls(*server, loop.in(seconds(8))));
    breach = stream->tls_breach();
    text = stream->tls_breach_text();
  }
  // All that comes, until "end" or something is wrong.
  void heard() {
    ended = false;
    for (;;) {
      const auto got = finish(loop, stream->read_some(loop.in(seconds(8))));
      error = got ? std::string() : got.error().text;
      if (!got) break;
      ended = got->ends_with("end\r\n");
      if (ended) break;
    }
    breach = stream->tls_breach();
    text = stream->tls_breach_text();
  }

  Folder folder;
  Loop loop;
  std::unique_ptr<TlsServer> server;
  std::unique_ptr<Stream> stream;
  Result<TlsFacts> facts = fail(Errc::invalid, "nothing yet");
  TlsBreach breach = TlsBreach::none;
  bool ended = false;  // as the client meant it to
  std::string error, text;
  std::atomic<bool> connected{false};
};

void say_end(SSL* ssl) { SSL_write(ssl, "end\r\n", 5); }

std::string bytes_of(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}
std::string counted(const std::string& text) {
  return std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)} + text;
}
std::string record(const std::string& message) { return bytes_of("160301") + counted(message); }

// A ClientHello (RFC 5246 7.4.1.2) of TLS 1.2 with these ciphers and extensions, beside those that everybody has.
std::string hello(std::string_view more_ciphers, std::string_view more_extensions) {
  const std::string extensions = bytes_of(
                                     "000a00040002001700"
                                     "0b00020100000d000400020403") +
                                 bytes_of(more_extensions);
  const std::string body = bytes_of("0303") + std::string(32, 'r') + bytes_of("00") +
                           counted(bytes_of("c02b") + bytes_of(more_ciphers)) + bytes_of("0100") +
                           counted(extensions);
  return record(bytes_of("0100") + counted(body));
}

constexpr std::string_view kRefused = "15030300020228";  // a fatal alert: handshake_failure

}  // namespace

TEST_CASE("a client that wants to renegotiate has ended the session") {
  Attacked scene;
  bool again = true;
  scene.meet(TLS1_2_VERSION, [&](SSL* ssl) {
    again = SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1;
    say_end(ssl);
  });
  REQUIRE(scene.facts);
  CHECK(scene.facts->has_secure_renegotiation);
  CHECK(!again);
  CHECK(!scene.ended);
  CHECK(scene.breach == TlsBreach::renegotiation);
  CHECK(scene.text == "tries to renegotiate");
}

TEST_CASE("key updates are few, or earned by data") {
  struct Case {
    int updates, bytes;
    bool is_fine;
  };
  for (const Case& one : {Case{10, 0, true}, Case{100, 0, false}, Case{30, 100'000, true}}) {
    CAPTURE(one.updates);
    Attacked scene;
    const std::string data(1000, '\n');
    scene.meet(TLS1_3_VERSION, [&](SSL* ssl) {
      for (int i = 0; i < one.updates; ++i) {
        for (int sent = 0; sent < one.bytes; sent += 1000) SSL_write(ssl, data.data(), 1000);
        SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(ssl);
      }
      say_end(ssl);
    });
    CAPTURE(scene.error);
    CHECK(scene.ended == one.is_fine);
    CHECK(scene.breach == (one.is_fine ? TlsBreach::none : TlsBreach::flood));
    if (!one.is_fine) CHECK(scene.text == "sends too many TLS key updates");
  }
}

TEST_CASE("data may come in small records, but not byte by byte for ever") {
  for (const bool is_bytewise : {false, true}) {
    Attacked scene;
    scene.meet(TLS1_3_VERSION, [&](SSL* ssl) {
      for (int i = 0; i < 40'000; ++i) {
        if (is_bytewise && SSL_write(ssl, "\n", 1) != 1) return;
        if (!is_bytewise) SSL_write(ssl, "a\r\n", 3);
      }
      say_end(ssl);
    });
    CHECK(scene.ended != is_bytewise);
    CHECK(scene.breach == (is_bytewise ? TlsBreach::flood : TlsBreach::none));
  }
}

TEST_CASE("a client shows RFC 5746 or RFC 7627, or speaks TLS 1.3") {
  Attacked scene;
  CHECK(scene.meet_bytes(hello("", "")) == bytes_of(kRefused));
  CHECK(scene.breach == TlsBreach::insecure_peer);
  CHECK(scene.facts.error().text ==
        "offers neither secure renegotiation (RFC 5746) nor extended master secret (RFC 7627)");
  for (const auto& good : {hello("00ff", ""), hello("", "ff01000100"), hello("", "00170000")}) {
    CHECK(scene.meet_bytes(good).starts_with("\x16\x03\x03"));
    CHECK(scene.breach == TlsBreach::none);
  }
  // TLS 1.3 without a key: the server asks for one.
  CHECK(scene.meet_bytes(hello("1301", "002b0003020304")).substr(0, 1) != "");
  CHECK(scene.breach == TlsBreach::none);
}

TEST_CASE("a handshake comes in records, not in crumbs, and not as text") {
  Attacked scene;
  const std::string whole = hello("00ff", "").substr(5);
  std::string crumbs;
  for (const char c : whole) crumbs += bytes_of("1603010001") + c;
  scene.meet_bytes(crumbs);
  CHECK(scene.breach == TlsBreach::flood);
  CHECK(scene.text == "sends its TLS handshake in too many pieces");
  std::string pieces;
  for (std::size_t at = 0; at < whole.size(); at += 20) pieces += record(whole.substr(at, 20));
  CHECK(scene.meet_bytes(pieces).starts_with("\x16\x03\x03"));
  CHECK(scene.breach == TlsBreach::none);
  for (const auto* text : {"NOOP\r\n", "N"}) {
    scene.meet_bytes(text);
    CHECK(!scene.facts);
    CHECK(scene.breach == TlsBreach::plain_text);
  }
}

TEST_CASE("who names protocols names ours") {
  TlsServerOptions options;
  options.alpn = {"smtp"};
  Attacked scene(options);
  const auto listing = [](std::string protocols) {
    return [=](SSL* ssl) {
      SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    };
  };
  scene.meet(TLS1_3_VERSION, say_end);
  CHECK(scene.ended);
  scene.meet(TLS1_3_VERSION, say_end, listing("\x02h2\x04smtp"));
  REQUIRE(scene.facts);
  CHECK(scene.facts->alpn == "smtp");
  scene.meet(TLS1_3_VERSION, say_end, listing("\x02h2\x08http/1.1"));
  CHECK(!scene.connected);
  CHECK(scene.breach == TlsBreach::alpn);
  CHECK(scene.text == "offers the protocols \"h2, http/1.1\" (ALPN), none of which is ours");
}

TEST_CASE("a name that a client asks for is ours, or has keys of its own, or is refused") {
  TlsServerOptions options;
  options.host = "Host.Example";
  const auto other = issue("other.example", "DNS:other.example", nullptr);
  const auto below = issue("below.example", "DNS:*.below.example", nullptr);
  Attacked files;
  options.named = {{"other.example", {files.folder.file("other", other.pem())}, ""},
                   {".below.example", {}, below.pem()},
                   {"broken.example", {"/nonexistent"}, ""}};
  struct Case {
    const char *name, *subject;
  };
  for (const bool refuses : {false, true}) {
    options.refuses_other_names = refuses;
    Attacked scene(options);
    REQUIRE(scene.server->problems().size() == 1);
    CHECK(scene.server->problems()[0].starts_with(
        "no certificate for clients that ask for \"broken.example\": cannot read /nonexistent"));
    for (const Case& one : {Case{"mx.example", "mx.example"}, Case{"a.wild.example", "mx.example"},
                            Case{"host.example", "mx.example"}, Case{"OTHER.example", "other.example"},
                            Case{"a.b.below.example", "below.example"}, Case{"below.example", nullptr},
                            Case{"broken.example", nullptr}}) {
      CAPTURE(one.name);
      std::string subject;
      scene.meet(
          TLS1_3_VERSION,
          [&](SSL* ssl) {
            char name[100] = "";
            X509* shown = SSL_get1_peer_certificate(ssl);
            X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
            X509_free(shown);
            subject = name;
            say_end(ssl);
          },
          [&](SSL* ssl) { SSL_set_tlsext_host_name(ssl, one.name); });
      const bool is_refused = one.subject == nullptr && refuses;
      CHECK(subject == (is_refused ? "" : one.subject == nullptr ? "mx.example" : one.subject));
      CHECK(scene.breach == (is_refused ? TlsBreach::server_name : TlsBreach::none));
      if (!is_refused) CHECK(scene.facts->server_name == one.name);
    }
  }
}

TEST_CASE(
    "a server that wants to renegotiate, floods us with tickets, or is not secure, has ended the session") {
  struct Case {
    int version;
    Script script;
    TlsBreach breach;
  };
  const auto asks_anew = [](SSL* ssl) {
    SSL_renegotiate(ssl);
    SSL_do_handshake(ssl);
    say_end(ssl);
  };
  const auto hands_out = [](SSL* ssl) {
    for (int i = 0; i < 100 && SSL_new_session_ticket(ssl) == 1; ++i) SSL_do_handshake(ssl);
    say_end(ssl);
  };
  for (const Case& one : {Case{TLS1_2_VERSION, asks_anew, TlsBreach::renegotiation},
                          Case{TLS1_3_VERSION, hands_out, TlsBreach::flood}}) {
    Scene scene;
    const ServerContext server(
        &world().good, [&](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, one.version); });
    REQUIRE(scene.meet(server, {}, one.script));
    CHECK(scene.line().starts_with("failed: "));
    CHECK(scene.stream->tls_breach() == one.breach);
    scene.stream.reset();
  }
  Scene scene;
  Pair pair;
  // A ServerHello of TLS 1.2 without extensions.
  say(pair.theirs, record(bytes_of("02000026"
                                   "0303") +
                          std::string(32, 'r') + bytes_of("00c02b00")));
  Stream stream(scene.loop, std::move(pair.ours));
  const auto facts = finish(scene.loop, stream.start_tls(*scene.client, {}, scene.loop.in(seconds(8))));
  REQUIRE(!facts);
  CHECK(facts.error().text == "offers no secure renegotiation (RFC 5746)");
  CHECK(stream.tls_breach() == TlsBreach::insecure_peer);
}
