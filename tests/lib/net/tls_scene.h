// What the tests of TLS share: an authority and what it issued, and a client that meets servers.
#pragma once

#include <doctest/doctest.h>

#include <fstream>

#include "lib/base/text.h"
#include "lib/net/stream.h"
#include "lib/net/tls.h"
#include "tests/lib/net/tls_server.h"

namespace postern::net::testing {

struct World {
  Identity authority = issue("Test CA", "", nullptr, true);
  Identity good = issue("mx.example", "DNS:mx.example, DNS:*.wild.example", &authority);
  Identity expired = issue("mx.example", "DNS:mx.example", &authority, false, -7200, -3600);
  Identity future = issue("mx.example", "DNS:mx.example", &authority, false, 3600, 7200);
  Identity nameless = issue("mx.example", "", &authority);
  Identity alone = issue("mx.example", "DNS:mx.example", nullptr);
  Identity rsa = issue("mx.example", "DNS:mx.example", &authority, false, -3600, 86400, 2048);
  Identity weak = issue("mx.example", "DNS:mx.example", &authority, false, -3600, 86400, 768);
  Identity numbered = issue("mx.example", "IP:192.0.2.1, IP:2001:db8::1, DNS:192.0.2.2", &authority);
};
inline World& world() {
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

inline void echo(SSL* ssl) {
  char block[65536];
  for (int n = 0; (n = SSL_read(ssl, block, sizeof block)) > 0;) SSL_write(ssl, block, n);
}

inline TlsClientPeer asking(TlsTrust trust, std::vector<std::string> names = {}) {
  TlsClientPeer peer;
  peer.trust = trust;
  peer.names = std::move(names);
  return peer;
}

inline TlsaRecord tlsa(unsigned usage, unsigned selector, unsigned matching, std::string data) {
  TlsaRecord record;
  record.usage = usage;
  record.selector = selector;
  record.matching = matching;
  record.data = std::move(data);
  return record;
}

}  // namespace postern::net::testing
