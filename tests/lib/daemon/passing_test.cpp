#include "lib/daemon/passing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "lib/daemon/contract.h"
#include "tests/lib/net/support.h"

using namespace postern;
using namespace postern::daemon;
using net::testing::finish;
using net::testing::Pair;

namespace {

const std::string kFresh(1, kPassedSession);

// A client, and the socket on which it was accepted.
struct Accepted {
  Fd client, session;
  Accepted() {
    const auto any = net::Endpoint::parse("127.0.0.1", 0);
    const auto listener = net::listen_on(*any, 1);
    REQUIRE(listener);
    const net::Endpoint at = net::local_endpoint(listener->get());
    client = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&at.storage), at.length) == 0);
    session = Fd(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(session);
  }
};

// What a service makes of a message.
Result<Passed> receive(std::string_view bytes, const std::vector<int>& descriptors) {
  net::Loop loop;
  Pair pair;
  REQUIRE(net::send_with(pair.theirs.get(), bytes, descriptors) == static_cast<ssize_t>(bytes.size()));
  return finish(loop, receive_passed(loop, std::move(pair.ours)));
}

std::string refusal(std::string_view bytes, const std::vector<int>& descriptors) {
  const auto passed = receive(bytes, descriptors);
  REQUIRE(!passed);
  CHECK(passed.error().kind == Errc::invalid);
  return passed.error().text;
}

}  // namespace

TEST_CASE("a session is handed over, and the peer is the client") {
  Accepted accepted;
  auto passed = receive(kFresh, {accepted.session.get()});
  REQUIRE(passed);
  REQUIRE(passed->session);
  const net::Accepted& session = *passed->session;
  CHECK(session.peer.address() == "127.0.0.1");
  CHECK(session.peer.port() == net::local_endpoint(accepted.client.get()).port());
  CHECK((::fcntl(session.fd.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(session.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  net::testing::say(session.fd, "hello");
  char heard[6] = {};
  CHECK(::recv(accepted.client.get(), heard, 5, MSG_WAITALL) == 5);
  CHECK(std::string(heard) == "hello");
}

TEST_CASE("the wakeup of master brings no session") {
  const auto passed = receive(std::string(1, kWakeup), {});
  REQUIRE(passed);
  CHECK(!passed->session);
}

TEST_CASE("what is no session is refused, and nothing stays open") {
  Accepted accepted;
  const int session = accepted.session.get();
  const Fd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const Fd datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Fd alone(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto before = net::testing::open_descriptors();
  CHECK(refusal(kFresh, {}) == "0 descriptors instead of one");
  CHECK(refusal(kFresh, {session, session}) == "2 descriptors instead of one");
  CHECK(refusal(std::string(1, kWakeup), {session, session}) == "2 descriptors instead of one");
  CHECK(refusal(kFresh, {file.get()}) == "the descriptor is no stream socket");
  CHECK(refusal(kFresh, {datagrams.get()}) == "the descriptor is no stream socket");
  CHECK(refusal(kFresh, {alone.get()}) == "the socket is not connected");
  CHECK(refusal("S\nx", {session}) == "unknown kind of session: \"S\\nx\"");
  CHECK(refusal(std::string(1000, 'x'), {session}).size() < 150);
  CHECK(net::testing::open_descriptors() == before);
}

TEST_CASE("a connection that says nothing is left in time") {
  net::Loop loop;
  loop.advance(seconds(0));
  Pair pair;
  std::optional<Result<Passed>> passed;
  auto task = net::testing::keep(receive_passed(loop, std::move(pair.ours)), passed);
  task.handle().resume();
  loop.advance(kPassLimit - seconds(1));
  loop.poll();
  CHECK(!passed);
  loop.advance(seconds(2));
  loop.poll();
  REQUIRE(passed);
  CHECK(passed->error().kind == Errc::timeout);
}

TEST_CASE("a connection that is closed first is no session") {
  net::Loop loop;
  Pair pair;
  pair.theirs.reset();
  const auto passed = finish(loop, receive_passed(loop, std::move(pair.ours)));
  REQUIRE(!passed);
  CHECK(passed.error().kind == Errc::lost);
}
