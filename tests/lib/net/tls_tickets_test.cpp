// Session tickets that several servers share, and handshakes that threads begin.
#include "lib/net/tls_tickets.h"

#include <algorithm>

#include "lib/net/scope.h"
#include "lib/net/tls_server.h"
#include "lib/net/tls_threads.h"
#include "tests/lib/net/teardown.h"
#include "tests/lib/net/tls_scene.h"

using namespace postern;
using namespace postern::net;
using namespace postern::net::testing;

namespace {

struct Keys final : TlsTicketKeys {
  std::vector<TlsTicketKey> current() override { return keys; }
  void add(unsigned char fill) {
    TlsTicketKey key;
    key.name.fill(fill);
    key.cipher.fill(fill);
    key.mac.fill(fill);
    keys.insert(keys.begin(), key);
  }
  std::vector<TlsTicketKey> keys;
};

std::unique_ptr<TlsServer> server_of(const Folder& folder, const std::string& scope) {
  TlsServerOptions options;
  const auto file = folder.file("mx", world().good.pem());
  options.certificates.push_back({file, file});
  options.session_scope = scope;
  auto made = TlsServer::make(options);
  REQUIRE(made);
  return std::move(*made);
}

// Both sides of one session; what the server made of it.
Task<Result<TlsFacts>> meet(Loop& loop, const TlsServer& server, const TlsClient& client,
                            TlsClientPeer peer) {
  Pair pair;
  Stream here(loop, std::move(pair.ours)), there(loop, std::move(pair.theirs));
  auto connecting = there.start_tls(client, std::move(peer), loop.in(seconds(8)));
  connecting.handle().resume();
  auto facts = co_await here.accept_tls(server, loop.in(seconds(8)));
  if (!facts) co_return facts;
  here.put("220 mx.example\r\n");
  auto sent = co_await here.flush(loop.in(seconds(8)));
  if (!sent) co_return fail(sent.error());
  while (!connecting.done()) {
    co_await sleep_until(loop, loop.in(milliseconds(1)));
  }
  auto line = co_await there.read_line(100, loop.in(seconds(8)));
  if (!line) co_return fail(line.error());
  co_return facts;
}

struct Exchange {
  bool resumes(const TlsServer& server) {
    TlsClientPeer peer;
    peer.protocols = version;
    peer.session = "mx.example:25";
    const auto facts = finish(loop, meet(loop, server, *client, peer));
    REQUIRE_MESSAGE(facts, (facts ? "" : facts.error().text));
    return facts->is_resumed;
  }
  Loop loop;
  std::string version;
  std::unique_ptr<TlsClient> client = std::move(*TlsClient::make({}));
};

}  // namespace

TEST_CASE("a session is resumed by every server of its scope, and by no other") {
  Folder folder;
  for (const auto* version : {"TLSv1.2", "TLSv1.3"}) {
    CAPTURE(version);
    Keys keys;
    keys.add(1);
    const auto one = server_of(folder, "smtp"), two = server_of(folder, "smtp");
    const auto strict = server_of(folder, "submission"), stranger = server_of(folder, "smtp");
    for (const auto* server : {&one, &two, &strict}) REQUIRE((*server)->share_tickets(keys));
    Exchange exchange{.loop = {}, .version = version};
    CHECK(!exchange.resumes(*one));
    CHECK(exchange.resumes(*two));
    CHECK(exchange.resumes(*one));
    CHECK(!exchange.resumes(*strict));
    CHECK(!exchange.resumes(*one));
    CHECK(exchange.resumes(*two));
    CHECK(!exchange.resumes(*stranger));
  }
}

TEST_CASE("tickets of the key before are good, and those of a key that is forgotten are not") {
  Folder folder;
  for (const auto* version : {"TLSv1.2", "TLSv1.3"}) {
    CAPTURE(version);
    Keys keys;
    keys.add(1);
    const auto server = server_of(folder, "smtp");
    REQUIRE(server->share_tickets(keys));
    Exchange exchange{.loop = {}, .version = version};
    CHECK(!exchange.resumes(*server));
    keys.add(2);
    CHECK(exchange.resumes(*server));
    keys.keys.pop_back();
    // The ticket was replaced by one of the new key. OpenSSL's client of TLS 1.2 takes no notice of that.
    CHECK(exchange.resumes(*server) == (exchange.version == "TLSv1.3"));
    keys.add(3);
    keys.keys.pop_back();
    CHECK(!exchange.resumes(*server));
  }
}

TEST_CASE("where many shake hands at a time, threads do it, and all get what they came for") {
  Folder folder;
  Loop loop;
  Keys keys;
  keys.add(1);
  const auto server = server_of(folder, "smtp");
  REQUIRE(server->share_tickets(keys));
  server->use_threads(loop);
  const auto client = std::move(*TlsClient::make({}));
  constexpr int kMany = 24;
  std::vector<std::optional<Result<TlsFacts>>> all(kMany);
  std::vector<Task<void>> tasks;
  for (int i = 0; i < kMany; ++i) {
    TlsClientPeer peer;
    peer.protocols = i % 2 == 0 ? "TLSv1.2" : "TLSv1.3";
    tasks.push_back(keep(meet(loop, *server, *client, peer), all[static_cast<std::size_t>(i)]));
    tasks.back().handle().resume();
  }
  turn_until(loop,
             [&] { return std::all_of(tasks.begin(), tasks.end(), [](auto& task) { return task.done(); }); });
  for (const auto& facts : all) {
    REQUIRE(facts);
    CHECK_MESSAGE(*facts, (*facts ? "" : facts->error().text));
  }
  CHECK(server->threads()->used() > 0);
}

TEST_CASE("a client that says rubbish, or goes, while others shake hands is told so or is gone") {
  Folder folder;
  Loop loop;
  const auto server = server_of(folder, "smtp");
  server->use_threads(loop);
  const TlsThreads::Place another(server->threads());
  for (const std::string_view said :
       {std::string_view("\x16\x03\x01\x00\x04rubb", 9), std::string_view("EHLO\r\n"), std::string_view()}) {
    Pair pair;
    if (!said.empty()) say(pair.theirs, said);
    if (said.empty()) pair.theirs.reset();
    Stream stream(loop, std::move(pair.ours));
    const auto facts = finish(loop, stream.accept_tls(*server, loop.in(seconds(8))));
    REQUIRE(!facts);
    CHECK(facts.error().kind == (said.empty() ? Errc::lost : Errc::invalid));
  }
}

namespace {

struct Crowd {
  explicit Crowd(Loop& loop) : loop_(loop) {
    server = server_of(folder, "smtp");
    server->use_threads(loop);
    another.emplace(server->threads());
  }
  Task<void> act() {
    auto facts = co_await meet(loop_, *server, *client, TlsClientPeer());
    REQUIRE(facts);
  }
  // The thread has its time between two turns of the loop.
  void step(int) { std::this_thread::sleep_for(microseconds(200)); }
  Folder folder;
  std::unique_ptr<TlsServer> server;
  std::optional<TlsThreads::Place> another;
  std::unique_ptr<TlsClient> client = std::move(*TlsClient::make({}));
  Loop& loop_;
};

}  // namespace

TEST_CASE("a handshake may be left while a thread is at it") { CHECK(tear_down_everywhere<Crowd>() > 0); }
