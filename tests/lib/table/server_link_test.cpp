#include "lib/table/server_link.h"

#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/net/support.h"

using namespace postern;
using net::testing::heard;
using net::testing::say;

namespace {

net::Task<Result<std::string>> read_line(net::Stream& stream, Deadline deadline) {
  auto line = co_await stream.read_line(100, deadline);
  if (!line) co_return fail(line.error());
  co_return std::string(line->text);
}

// A server that the test plays, and a link to it.
struct Scene {
  Scene()
      : server(*net::Endpoint::unix_path(directory.path("server"))), listener(*net::listen_on(server, 100)) {
    loop.advance(seconds(0));
  }
  net::Task<void> ask(std::optional<Result<std::string>>& answer) {
    answer = co_await link.ask("question\n", read_line);
  }
  Fd accept() {
    loop.poll();
    return std::move(net::accept_from(listener.get())->fd);
  }
  net::Loop loop;
  TemporaryDirectory directory;
  net::Endpoint server;
  Fd listener;
  table::ServerLink link{loop, {server}};
};

}  // namespace

TEST_CASE("a table server that drips its answer has the time of one lookup and no more") {
  Scene scene;
  std::optional<Result<std::string>> answer;
  auto asking = scene.ask(answer);
  asking.handle().resume();
  const Fd peer = scene.accept();
  scene.loop.poll();
  CHECK(heard(peer) == "question\n");
  for (int second = 0; second < 99; ++second) {
    say(peer, "x");
    scene.loop.advance(seconds(1));
    scene.loop.poll();
  }
  CHECK_FALSE(answer);
  scene.loop.advance(seconds(1));
  scene.loop.poll();
  REQUIRE(answer);
  CHECK(answer->error().kind == Errc::timeout);
  char byte;
  CHECK(::recv(peer.get(), &byte, 1, MSG_DONTWAIT) == 0);
}

TEST_CASE("those who wait for their turn at a table server wait no longer than those who have it") {
  Scene scene;
  constexpr std::size_t kAtOnce = 50;
  std::vector<std::optional<Result<std::string>>> answers(kAtOnce + 1);
  std::vector<net::Task<void>> asking;
  for (auto& answer : answers) {
    asking.push_back(scene.ask(answer));
    asking.back().handle().resume();
  }
  scene.loop.poll();
  scene.loop.advance(seconds(50));
  const Fd first = scene.accept();
  say(first, "yes\n");
  scene.loop.poll();
  scene.loop.poll();
  CHECK(heard(first) == "question\nquestion\n");
  scene.loop.advance(seconds(50));
  scene.loop.poll();
  std::size_t late = 0;
  for (const auto& answer : answers) late += answer && !*answer && answer->error().kind == Errc::timeout;
  CHECK(late == kAtOnce);
}
