#include "lib/net/stream.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "lib/net/scope.h"
#include "lib/net/socket.h"
#include "tests/lib/net/support.h"

namespace postern::net {

namespace {

using namespace testing;

// What became of reading one line, as a word or as "text" and its ending.
std::string told(const Result<Line>& line) {
  if (!line) return line.error().kind == Errc::too_long ? "too long" : line.error().text;
  return std::string(line->text) + (line->crlf ? "|crlf" : "|lf");
}

Task<std::string> line_of(Stream& stream, std::size_t limit) {
  auto line = co_await stream.read_line(limit, stream.loop().in(seconds(5)));
  co_return told(line);
}

Task<void> keep_lines(Stream& stream, std::vector<std::string>& lines, Deadline deadline) {
  for (;;) {
    auto line = co_await stream.read_line(40, deadline);
    if (line) {
      lines.emplace_back(told(line));
      continue;
    }
    lines.emplace_back(line.error().kind == Errc::lost ? "lost" : told(line));
    if (line.error().kind != Errc::too_long) co_return;
    auto skipped = co_await stream.skip_line(deadline);
    if (!skipped) co_return;
  }
}

Task<std::string> some_of(Stream& stream) {
  auto some = co_await stream.read_some(stream.loop().in(seconds(5)));
  if (!some) co_return some.error().text;
  co_return std::string(*some);
}

// Answers each line with another, as a server does with pipelined commands.
Task<void> answer_lines(Stream& stream) {
  for (;;) {
    auto line = co_await stream.read_line(100, Deadline::max());
    if (!line) co_return;
    stream.put("250 ");
    stream.put(line->text);
    stream.put("\r\n");
  }
}

struct Conversation {
  explicit Conversation(int type = SOCK_STREAM) : pair(type), stream(loop, std::move(pair.ours)) {}
  Loop loop;
  Pair pair;
  Stream stream;
};

const std::vector<std::string> kLines{"EHLO x|crlf", "bare|lf",  "|crlf",     "|lf",
                                      "a\r|crlf",    "too long", "last|crlf", "lost"};
const std::string kText = "EHLO x\r\nbare\n\r\n\na\r\r\n" + std::string(50, 'z') + "\r\nlast\r\nrest";

}  // namespace

TEST_CASE("lines are the same however their bytes arrive") {
  for (std::size_t split = 0; split <= kText.size(); ++split) {
    CAPTURE(split);
    Conversation with;
    std::vector<std::string> lines;
    Task<void> task = keep_lines(with.stream, lines, Deadline::max());
    task.handle().resume();
    if (split > 0) say(with.pair.theirs, kText.substr(0, split));
    with.loop.poll();
    if (split < kText.size()) say(with.pair.theirs, kText.substr(split));
    with.loop.poll();
    with.pair.theirs.reset();
    with.loop.poll();
    CHECK(task.done());
    CHECK(lines == kLines);
  }
}

TEST_CASE("lines are the same when every byte arrives alone") {
  Conversation with;
  std::vector<std::string> lines;
  Task<void> task = keep_lines(with.stream, lines, Deadline::max());
  task.handle().resume();
  for (const char c : kText) {
    say(with.pair.theirs, std::string_view(&c, 1));
    with.loop.poll();
  }
  with.pair.theirs.reset();
  with.loop.poll();
  CHECK(lines == kLines);
}

TEST_CASE("the limit of a line counts its bytes without the ending") {
  struct Row {
    std::size_t length;
    const char* ending;
    bool fits;
  };
  const Row rows[] = {{9, "\r\n", true}, {10, "\r\n", true}, {10, "\n", true}, {11, "\r\n", false},
                      {11, "\n", false}, {12, "", false},    {900, "", false}, {0, "\r\n", true}};
  for (const auto& row : rows) {
    CAPTURE(row.length);
    Conversation with;
    say(with.pair.theirs, std::string(row.length, 'x') + row.ending);
    const auto line = finish(with.loop, line_of(with.stream, 10));
    CHECK((line == "too long") != row.fits);
    // A line that is too long is not taken.
    if (!row.fits) CHECK(with.stream.buffered().substr(0, row.length) == std::string(row.length, 'x'));
  }
}

TEST_CASE("a client that pipelines and does not listen is read ahead no more than 4 KiB") {
  Conversation with;
  std::string many;
  while (many.size() < 100'000) many += "NOOP\r\n";
  say(with.pair.theirs, many);
  CHECK(finish(with.loop, line_of(with.stream, 512)) == "NOOP|crlf");
  CHECK(with.stream.buffered().size() <= 4096);
}

TEST_CASE("skipping a line ends behind its LF, wherever that is") {
  Conversation with;
  say(with.pair.theirs, std::string(100'000, 'x') + "\r\nnext\r\n");
  CHECK(finish(with.loop, line_of(with.stream, 512)) == "too long");
  Task<Result<void>> skip = with.stream.skip_line(with.loop.in(seconds(5)));
  CHECK(finish(with.loop, std::move(skip)));
  CHECK(finish(with.loop, line_of(with.stream, 512)) == "next|crlf");
}

TEST_CASE("a byte every now and then gains nothing against a deadline") {
  Conversation with;
  with.loop.advance(seconds(0));
  std::vector<std::string> lines;
  Task<void> task = keep_lines(with.stream, lines, with.loop.in(seconds(10)));
  task.handle().resume();
  int said = 0;
  while (!task.done() && said < 30) {
    say(with.pair.theirs, "x");
    ++said;
    with.loop.advance(seconds(1));
  }
  CHECK(said == 10);
  CHECK(lines == std::vector<std::string>{"timed out while receiving"});
  CHECK(with.loop.timers() == 0);
}

TEST_CASE("a peer that crawls through a line is looked at now and then, and heard in time") {
  Conversation c;
  c.loop.advance(seconds(0));
  std::vector<std::string> lines;
  Task<void> reading = keep_lines(c.stream, lines, c.loop.in(seconds(300)));
  reading.handle().resume();
  int looks = 0;
  std::size_t seen = 0;
  for (int i = 0; i < 100; ++i) {
    say(c.pair.theirs, i % 30 < 29 ? "x" : "y");
    for (int tenth = 0; tenth < 10; ++tenth) {
      c.loop.advance(milliseconds(100));
      looks += c.stream.buffered().size() > seen;
      seen = c.stream.buffered().size();
    }
    if (i == 29) {
      say(c.pair.theirs, "\r\n");
      c.loop.advance(milliseconds(2100));
      CHECK(lines == std::vector<std::string>{std::string(29, 'x') + "y|crlf"});
      seen = 0;
    }
    if (i == 59) break;
  }
  CHECK(looks > 20);
  CHECK(looks < 50);
  // The next line is read as soon as it comes.
  say(c.pair.theirs, "\r\n");
  c.loop.advance(milliseconds(2100));
  say(c.pair.theirs, "prompt\r\n");
  c.loop.poll();
  REQUIRE(lines.size() == 3);
  CHECK(lines[2] == "prompt|crlf");
  SUBCASE("an end is heard too") {
    say(c.pair.theirs, "x");
    c.loop.advance(seconds(1));
    say(c.pair.theirs, "x");
    c.loop.advance(seconds(1));
    c.pair.theirs.reset();
    c.loop.advance(milliseconds(2100));
    CHECK(lines.back() == "lost");
  }
  SUBCASE("what is there at the deadline is taken") {
    say(c.pair.theirs, "x");
    c.loop.advance(seconds(200));
    say(c.pair.theirs, "\r\n");
    c.loop.advance(seconds(100));
    REQUIRE(lines.size() == 5);
    CHECK(lines[3] == "x|crlf");
    CHECK(lines[4] == "timed out while receiving");
  }
  SUBCASE("who is in haste does not wait for a look") {
    say(c.pair.theirs, "x");
    c.loop.advance(seconds(1));
    say(c.pair.theirs, "x");
    c.loop.advance(milliseconds(1));
    c.stream.hurry(c.loop.now());
    c.loop.advance(milliseconds(1));
    CHECK(lines.back() == "timed out while receiving");
  }
}

TEST_CASE("a limit of each wait is one of pieces, beside that of the whole") {
  Conversation c;
  c.loop.advance(seconds(0));
  c.stream.limit_each_wait(seconds(10));
  std::vector<std::string> lines;
  Task<void> reading = keep_lines(c.stream, lines, c.loop.in(seconds(45)));
  reading.handle().resume();
  SUBCASE("pieces") {
    for (int i = 0; i < 4; ++i) {
      c.loop.advance(seconds(8));
      say(c.pair.theirs, "x");
      c.loop.poll();
    }
    CHECK(lines.empty());
    c.loop.advance(seconds(13));
    CHECK(lines == std::vector<std::string>{"timed out while receiving"});
  }
  SUBCASE("nothing") {
    c.loop.advance(seconds(9));
    CHECK(lines.empty());
    c.loop.advance(seconds(1));
    CHECK(lines == std::vector<std::string>{"timed out while receiving"});
  }
}

TEST_CASE("a flood meets the deadline too, and leaves turns to others") {
  Conversation with;
  const Deadline deadline = with.loop.in(milliseconds(300));
  std::atomic<bool> over = false;
  std::thread flood([&] {
    const std::string block(64 * 1024, 'x');
    while (!over) {
      if (::send(with.pair.theirs.get(), block.data(), block.size(), MSG_NOSIGNAL) < 0)
        std::this_thread::yield();
    }
  });
  int turns = 0;
  with.loop.before_sleep([&] { ++turns; });
  const auto result = finish(with.loop, with.stream.skip_line(deadline));
  over = true;
  flood.join();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Errc::timeout);
  CHECK(with.loop.now() < deadline + seconds(2));
  CHECK(turns > 10);
}

TEST_CASE("lines that come faster than they are obeyed leave turns to others; one at a time is no flood") {
  struct Row {
    std::size_t at_once, least, most;  // lines of two bytes; turns
  };
  const Row rows[] = {{16'384, 8, 100}, {1, 0, 3}};
  for (const Row& row : rows) {
    CAPTURE(row.at_once);
    Conversation with;
    std::string lines;
    for (std::size_t i = 0; i < row.at_once; ++i) lines += "x\n";
    say(with.pair.theirs, lines);
    with.pair.theirs = Fd();
    std::size_t turns = 0;
    with.loop.before_sleep([&] { ++turns; });
    std::vector<std::string> heard;
    finish(with.loop, keep_lines(with.stream, heard, with.loop.in(seconds(5))));
    CHECK(heard.size() == row.at_once + 1);
    CHECK(turns >= row.least);
    CHECK(turns <= row.most);
  }
}

TEST_CASE("read_some gives what is there; what is given back is read next") {
  Conversation with;
  say(with.pair.theirs, "one\r\ntwo\r\nthree");
  CHECK(finish(with.loop, line_of(with.stream, 99)) == "one|crlf");
  CHECK(finish(with.loop, some_of(with.stream)) == "two\r\nthree");
  say(with.pair.theirs, "four five");
  struct GiveBack {
    static Task<std::string> run(Stream& stream, std::size_t keep) {
      auto some = co_await stream.read_some(Deadline::max());
      stream.unread(some->substr(keep));
      co_return std::string(some->substr(0, keep));
    }
  };
  CHECK(finish(with.loop, GiveBack::run(with.stream, 4)) == "four");  // from the socket
  CHECK(with.stream.buffered() == " five");
  CHECK(finish(with.loop, GiveBack::run(with.stream, 1)) == " ");  // from what was given back
  CHECK(finish(with.loop, GiveBack::run(with.stream, 4)) == "five");
  CHECK(with.stream.buffered().empty());
  with.pair.theirs.reset();
  CHECK(finish(with.loop, some_of(with.stream)) == "connection closed by the peer");
}

TEST_CASE("input that came too early can be counted and forgotten") {
  Conversation with;
  say(with.pair.theirs, "STARTTLS\r\nEHLO smuggled\r\n");
  CHECK(finish(with.loop, line_of(with.stream, 99)) == "STARTTLS|crlf");
  CHECK(with.stream.discard_input() == 15);
  CHECK(with.stream.discard_input() == 0);
  say(with.pair.theirs, "clean\r\n");
  CHECK(finish(with.loop, line_of(with.stream, 99)) == "clean|crlf");
}

TEST_CASE("the replies to pipelined commands leave in one write") {
  Conversation with(SOCK_SEQPACKET);  // each write is one packet
  Task<void> server = answer_lines(with.stream);
  server.handle().resume();
  std::string commands;
  std::string replies;
  for (int i = 0; i < 300; ++i) {
    commands += "RCPT " + std::to_string(i) + "\r\n";
    replies += "250 RCPT " + std::to_string(i) + "\r\n";
  }
  say(with.pair.theirs, commands);
  with.loop.poll();
  std::vector<char> block(1 << 20);
  const auto n = ::recv(with.pair.theirs.get(), block.data(), block.size(), 0);
  CHECK(std::string(block.data(), static_cast<std::size_t>(n)) == replies);
  CHECK(::recv(with.pair.theirs.get(), block.data(), block.size(), 0) == -1);
  CHECK(with.stream.pending_output() == 0);
}

TEST_CASE("a full socket holds a writer back until the peer reads, and every byte arrives in order") {
  Conversation with;
  std::string large;
  for (int i = 0; large.size() < 5'000'000; ++i) large += std::to_string(i) + '\n';
  std::optional<Result<void>> result;
  Task<void> task = keep(with.stream.write(large, Deadline::max()), result);
  task.handle().resume();
  with.loop.poll();
  CHECK_FALSE(result);
  const auto held = with.stream.pending_output();
  CHECK(held > 0);
  CHECK(held < large.size());
  std::string got;
  turn_until(with.loop, [&] {
    got += heard(with.pair.theirs);
    return result.has_value();
  });
  got += heard(with.pair.theirs);
  CHECK(*result);
  CHECK(got == large);
  CHECK(with.stream.pending_output() == 0);
}

TEST_CASE("what is put while a part is unsent follows it") {
  Conversation with;
  std::string all;
  for (int i = 0; with.stream.pending_output() < 100'000; ++i) {
    const std::string piece = std::to_string(i) + ",";
    all += piece;
    with.stream.put(piece);
    if (i % 100 == 0) with.stream.flush_now();
  }
  std::string got;
  while (with.stream.pending_output() > 0) {
    got += heard(with.pair.theirs);
    with.stream.flush_now();
    with.stream.put("");
  }
  got += heard(with.pair.theirs);
  CHECK(got == all);
}

TEST_CASE("writing ends with timeout to a peer that does not read, with lost to one that has gone") {
  Conversation with;
  with.loop.advance(seconds(0));
  std::optional<Result<void>> result;
  const std::string large(4 << 20, 'x');
  Task<void> task = keep(with.stream.write(large, with.loop.in(seconds(7))), result);
  task.handle().resume();
  with.loop.advance(seconds(6));
  CHECK_FALSE(result);
  with.loop.advance(seconds(1));
  REQUIRE(result);
  CHECK(result->error().kind == Errc::timeout);
  with.pair.theirs.reset();
  const auto lost = finish(with.loop, with.stream.flush(Deadline::max()));
  REQUIRE_FALSE(lost);
  CHECK(lost.error().kind == Errc::lost);
  with.stream.flush_now();
}

TEST_CASE("a reader that has something to say says it before it waits") {
  Conversation with;
  with.stream.put("220 ready\r\n");
  std::vector<std::string> lines;
  Task<void> task = keep_lines(with.stream, lines, Deadline::max());
  task.handle().resume();
  CHECK(heard(with.pair.theirs) == "220 ready\r\n");
}

TEST_CASE("a peer that takes nothing is reset, and the kernel keeps nothing for it") {
  auto listener = listen_on(*Endpoint::parse("127.0.0.1", 0), 16);
  REQUIRE(listener);
  const Endpoint to = local_endpoint(listener->get());
  const Fd theirs(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(theirs.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0);
  auto accepted = accept_from(listener->get());
  REQUIRE(accepted);
  Loop loop;
  {
    Stream stream(loop, std::move(accepted->fd));
    CHECK_FALSE(stream.has_unheard());
    stream.put(std::string(16 * 1024 * 1024, 'x'));  // more than the kernel takes
    stream.flush_now();
    CHECK(stream.has_unheard());
    stream.give_up_output();
  }
  char block[65536];
  ssize_t n = 0;
  while ((n = ::recv(theirs.get(), block, sizeof block, 0)) > 0) {
  }
  CHECK(n == -1);
  CHECK(errno == ECONNRESET);
}

}  // namespace postern::net
