#include "lib/daemon/passing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "lib/daemon/contract.h"
#include "lib/ipc/frame.h"
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
  CHECK(refusal("T\nx", {session}) == "unknown kind of session: \"T\\nx\"");
  CHECK(refusal(std::string(1000, 'x'), {session}).size() < 150);
  CHECK(net::testing::open_descriptors() == before);
}

namespace {

ipc::HandedOver begun() {
  ipc::HandedOver state;
  state.client_address = "192.0.2.1";
  state.client_port = 4711;
  state.heard = ipc::Heard::greeting;
  state.said = {"HELO x"};
  state.unread = "RCPT";
  return state;
}

std::string message_of(const ipc::HandedOver& state, int descriptors = 1) {
  std::string message(1, kBegunSession);
  ipc::append_frame(message, ipc::HandedOver::name, 0, ipc::encode_attributes(state), state.unread,
                    static_cast<std::size_t>(descriptors));
  return message;
}

}  // namespace

TEST_CASE("a session that has begun comes in pieces of any size, and its client is whom the state names") {
  Accepted accepted;
  const std::string whole = message_of(begun());
  for (const std::size_t piece : {whole.size(), std::size_t{1}, std::size_t{7}}) {
    net::Loop loop;
    Pair pair;
    std::optional<Result<Passed>> passed;
    auto task = net::testing::keep(receive_passed(loop, std::move(pair.ours)), passed);
    task.handle().resume();
    for (std::size_t at = 0; at < whole.size(); at += piece) {
      CHECK(!passed);
      const std::vector<int> with = at == 0 ? std::vector<int>{accepted.session.get()} : std::vector<int>();
      REQUIRE(net::send_with(pair.theirs.get(), whole.substr(at, piece), with) > 0);
      loop.poll();
    }
    REQUIRE(passed);
    REQUIRE(*passed);
    const Passed& what = **passed;
    REQUIRE(what.state);
    CHECK(what.session->peer.address() == "192.0.2.1");
    CHECK(what.session->peer.port() == 4711);
    CHECK(what.state->said == std::vector<std::string>{"HELO x"});
    CHECK(what.state->unread == "RCPT");
    net::testing::say(what.channel, "back");
    CHECK(net::testing::heard(pair.theirs) == "back");
  }
}

TEST_CASE("a state that cannot be one is refused, and nothing stays open") {
  Accepted accepted;
  const int session = accepted.session.get();
  const auto before = net::testing::open_descriptors();
  const auto with = [](auto change) {
    ipc::HandedOver state = begun();
    change(state);
    return message_of(state);
  };
  const std::string whole = message_of(begun());
  CHECK(refusal(whole, {}) == "frame without its descriptors");
  CHECK(refusal(message_of(begun(), 0), {}) == "0 descriptors instead of one");
  CHECK(refusal(message_of(begun(), 2), {session, session}) == "message handed_over: descriptors");
  CHECK(refusal(whole + "x", {session}) == "bytes behind the state");
  CHECK(refusal("Sx 1 2\n", {session}) == "bad frame header \"x 1 2\"");
  CHECK(refusal("Sbegun 0 0 0 0\n\n", {}) == "expected message handed_over, got begun");
  CHECK(refusal(with([](auto& state) { state.said[0] = "a\nb"; }), {session}) ==
        "a command that was said is more than a line");
  CHECK(refusal(with([](auto& state) { state.heard = ipc::Heard::teaser; }), {session}) ==
        "commands were said before the greeting");
  CHECK(refusal(with([](auto& state) { state.client_address = "a.example"; }), {session}) ==
        "the client: not a numeric address and port: a.example 4711");
  CHECK(refusal(with([](auto& state) { state.client_port = -1; }), {session}).starts_with("the client: "));
  CHECK(receive(with([](auto& state) { state.said.assign(2000, "NOOP"); }), {session}).error().kind ==
        Errc::too_long);
  CHECK(net::testing::open_descriptors() == before);
}

TEST_CASE("a state without an end is left when it is too large") {
  Accepted accepted;
  net::Loop loop;
  Pair pair;
  std::optional<Result<Passed>> passed;
  auto task = net::testing::keep(receive_passed(loop, std::move(pair.ours)), passed);
  task.handle().resume();
  REQUIRE(net::send_with(pair.theirs.get(), "Shanded_over 0 9999999 0 1\n", {accepted.session.get()}) > 0);
  for (int block = 0; block < 1000 && !passed; ++block) {
    REQUIRE(net::send_with(pair.theirs.get(), std::string(4096, 'x'), {}) > 0);
    loop.poll();
  }
  REQUIRE(passed);
  CHECK(passed->error().kind == Errc::too_long);
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
