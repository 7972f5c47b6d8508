// The examples of docs/net.md, as they stand there.
#include <doctest/doctest.h>

#include "lib/base/log.h"
#include "lib/net/readiness.h"
#include "lib/net/scope.h"
#include "lib/net/socket.h"
#include "lib/net/stream.h"
#include "lib/net/wait.h"
#include "lib/net/workers.h"
#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

// Says what the client says, until it says QUIT.
Task<void> echo(Loop& loop, Fd client) {
  Stream stream(loop, std::move(client));
  for (;;) {
    auto line = co_await stream.read_line(512, loop.in(seconds(300)));
    if (!line) co_return;
    if (line->text == "QUIT") break;
    stream.put(line->text);
    stream.put("\r\n");
  }
  auto sent = co_await stream.write("221 Bye\r\n", loop.in(seconds(30)));
  if (!sent) log_warning(sent.error().text);
}

class EchoServer {
 public:
  EchoServer(Loop& loop, Fd listener) : loop_(loop), listener_(std::move(listener)), sessions_(loop) {
    sessions_.spawn(accept_all());
  }

 private:
  Task<void> accept_all() {
    Readiness readiness(loop_, listener_.get());
    for (;;) {
      auto accepted = accept_from(listener_.get());
      if (accepted) {
        sessions_.spawn(echo(loop_, std::move(accepted->fd)));
      } else if (accepted.error().kind == Errc::busy) {
        const bool came = co_await readiness.readable(Deadline::max());  // until a client comes
        if (!came) co_return;
      } else {
        log_warning(accepted.error().text);
        co_await sleep_until(loop_, loop_.in(seconds(1)));  // who waits now is not announced again
      }
    }
  }

  Loop& loop_;
  Fd listener_;
  Scope sessions_;  // the last member: it dies first
};

Task<Result<std::string>> ask_name(Stream& stream, Deadline deadline) {
  auto asked = co_await stream.write("Who are you?\r\n", deadline);
  if (!asked) co_return fail(asked.error());
  auto line = co_await stream.read_line(80, deadline);
  if (!line) co_return fail(line.error());
  co_return std::string(line->text);
}

Task<std::string> name_or_nobody(Loop& loop, Stream& stream) {
  Task<Result<std::string>> asking = ask_name(stream, loop.in(seconds(10)));
  auto name = co_await with_deadline<Result<std::string>>(loop, std::move(asking), loop.in(seconds(2)));
  if (!name || !*name) co_return "nobody";
  co_return std::move(**name);
}

Task<std::string> first_line_of(Workers& workers, std::string path) {
  std::function<std::string()> read = [path] {
    const auto text = read_file(path);
    return text ? text->substr(0, text->find('\n')) : std::string();
  };
  auto line = co_await workers.run<std::string>(std::move(read));
  co_return line;
}

// The blocks between ```cpp and ``` of a page.
std::vector<std::string> examples_of(std::string_view page) {
  std::vector<std::string> examples;
  for (auto at = page.find("```cpp\n"); at != std::string_view::npos; at = page.find("```cpp\n", at)) {
    at += 7;
    examples.emplace_back(page.substr(at, page.find("```", at) - at));
  }
  return examples;
}

}  // namespace

TEST_CASE("each example of the page is compiled here") {
  const auto page = read_file(std::string(POSTERN_SOURCE) + "/docs/net.md");
  const auto source = read_file(std::string(POSTERN_SOURCE) + "/tests/lib/net/example_test.cpp");
  REQUIRE(page);
  REQUIRE(source);
  const auto examples = examples_of(*page);
  CHECK(examples.size() >= 4);
  for (const auto& example : examples) {
    CHECK_MESSAGE(source->find(example) != std::string::npos, "not in example_test.cpp:\n", example);
  }
}

TEST_CASE("the echo of the page echoes") {
  Loop loop;
  auto listener = listen_on(*Endpoint::parse("127.0.0.1", 0), 5);
  REQUIRE(listener);
  const Endpoint to = local_endpoint(listener->get());
  const EchoServer server(loop, std::move(*listener));
  const auto client = testing::finish(loop, connect_to(loop, to, loop.in(seconds(5))));
  REQUIRE(client);
  testing::say(*client, "one\r\ntwo\nQUIT\r\n");
  std::string got;
  testing::turn_until(loop, [&] {
    got += testing::heard(*client);
    return got == "one\r\ntwo\r\n221 Bye\r\n";
  });
}

TEST_CASE("the limit of the page is kept") {
  Loop loop;
  loop.advance(seconds(0));
  testing::Pair pair;
  Stream stream(loop, std::move(pair.ours));
  std::optional<std::string> name;
  Task<void> task = testing::keep(name_or_nobody(loop, stream), name);
  task.handle().resume();
  CHECK(testing::heard(pair.theirs) == "Who are you?\r\n");
  loop.advance(seconds(2));
  CHECK(name == "nobody");
  testing::say(pair.theirs, "Ann\r\n");
  CHECK(testing::finish(loop, name_or_nobody(loop, stream)) == "Ann");
}

TEST_CASE("the thread of the page reads a file") {
  Loop loop;
  Workers workers(loop, 1);
  CHECK(testing::finish(loop, first_line_of(workers, "/proc/self/comm")).size() > 3);
}

}  // namespace postern::net
