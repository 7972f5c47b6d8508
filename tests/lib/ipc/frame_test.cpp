#include "lib/ipc/frame.h"

#include <doctest/doctest.h>

#include "lib/ipc/messages/spool.h"
#include "lib/ipc/messages/submit.h"
#include "tests/lib/net/support.h"

namespace postern::ipc {

namespace {

struct Two {
  Two() {
    append_frame(wire, "first", 7, "a=1\n", "body\nwith\nlines", 0);
    append_frame(wire, "second", 8, "", "", 0);
  }
  std::string wire{kGreeting};
};

// All frames of the reader so far, or the kind of its error.
std::optional<Errc> take_all(FrameReader& reader, std::vector<Frame>& frames) {
  for (;;) {
    auto frame = reader.next();
    if (!frame) return frame.error().kind;
    if (!*frame) return std::nullopt;
    frames.push_back(std::move(**frame));
  }
}

std::optional<Errc> error_of(std::string_view wire, bool greeted = true) {
  FrameReader reader(greeted);
  reader.feed(wire);
  std::vector<Frame> frames;
  return take_all(reader, frames);
}

Fd null_file() { return *open_file("/dev/null", O_RDONLY); }

std::vector<Fd> null_files(std::size_t count) {
  std::vector<Fd> files;
  while (files.size() < count) files.push_back(null_file());
  return files;
}

}  // namespace

TEST_CASE("frames are the same however their bytes arrive") {
  const Two two;
  for (std::size_t split = 0; split <= two.wire.size(); ++split) {
    CAPTURE(split);
    FrameReader reader(false);
    std::vector<Frame> frames;
    reader.feed(two.wire.substr(0, split));
    CHECK_FALSE(take_all(reader, frames));
    reader.feed(two.wire.substr(split));
    CHECK_FALSE(take_all(reader, frames));
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].name == "first");
    CHECK(frames[0].id == 7);
    CHECK(frames[0].attributes == "a=1\n");
    CHECK(frames[0].body == "body\nwith\nlines");
    CHECK(frames[1].name == "second");
    CHECK(frames[1].attributes.empty());
  }
}

TEST_CASE("frames whose every byte arrives alone are whole") {
  const Two two;
  FrameReader reader(false);
  std::vector<Frame> frames;
  for (const char c : two.wire) {
    reader.feed(std::string_view(&c, 1));
    CHECK_FALSE(take_all(reader, frames));
  }
  CHECK(frames.size() == 2);
}

TEST_CASE("descriptors go to the frames that declare them, among frames that do not") {
  struct Piece {
    std::size_t descriptors;
    std::size_t body;
  };
  const Piece pieces[] = {{0, 10}, {1, 1000}, {0, 0}, {2, 5}, {4, 300}, {0, 7}, {1, 0}};
  FrameReader reader(true);
  std::vector<Frame> frames;
  std::vector<int> sent;
  std::string tail;
  for (const auto& piece : pieces) {
    // The end of the frame before arrives together with the first bytes of this one and its descriptors.
    std::string wire;
    append_frame(wire, "x", 1, "", std::string(piece.body, 'b'), piece.descriptors);
    auto files = null_files(piece.descriptors);
    for (const Fd& file : files) sent.push_back(file.get());
    reader.feed(tail + wire.substr(0, 5));
    reader.feed(std::move(files));
    CHECK_FALSE(take_all(reader, frames));
    tail = wire.substr(5);
  }
  reader.feed(tail);
  CHECK_FALSE(take_all(reader, frames));
  REQUIRE(frames.size() == std::size(pieces));
  std::vector<int> got;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    CHECK(frames[i].descriptors.size() == pieces[i].descriptors);
    for (const Fd& file : frames[i].descriptors) got.push_back(file.get());
  }
  CHECK(got == sent);
}

TEST_CASE(
    "a frame that promises descriptors and has none, and descriptors that no frame promises, are refused") {
  CHECK(error_of("x 1 0 0 1\n\n") == Errc::invalid);
  FrameReader reader(true);
  reader.feed(null_files(1));
  std::vector<Frame> frames;
  CHECK(take_all(reader, frames) == Errc::invalid);
}

TEST_CASE("descriptors beside an endless frame do not gather") {
  FrameReader reader(true);
  std::vector<Frame> frames;
  reader.feed("x 1 0 1000000 4\n");
  reader.feed(null_files(8));
  CHECK_FALSE(take_all(reader, frames));
  reader.feed("b");
  reader.feed(null_files(1));
  CHECK(take_all(reader, frames) == Errc::invalid);
}

TEST_CASE("a reader that is destroyed closes the descriptors of unfinished frames") {
  const auto before = net::testing::open_descriptors();
  {
    FrameReader reader(true);
    reader.feed("x 1 0 100 2\n");
    reader.feed(null_files(2));
    std::vector<Frame> frames;
    CHECK_FALSE(take_all(reader, frames));
  }
  CHECK(net::testing::open_descriptors() == before);
}

TEST_CASE("the header has five words or six, numbers where numbers belong, and bounds") {
  struct Row {
    const char* header;
    std::optional<Errc> error;
  };
  const Row rows[] = {
      {"x 1 2 3 4", std::nullopt},
      {"x 9223372036854775807 0 0 0", std::nullopt},
      {"x 0 67108864 67108864 4", std::nullopt},
      {"", Errc::invalid},
      {"x 1 2 3", Errc::invalid},
      {"x 1 2 3 4 5", std::nullopt},
      {"x 1 2 3 4 9223372036854775807", std::nullopt},
      {"x 1 2 3 4 -5", Errc::invalid},
      {"x 1 2 3 4 9223372036854775808", Errc::invalid},
      {"x 1 2 3 4 ", Errc::invalid},
      {"x 1 2 3 4 5 6", Errc::invalid},
      {" 1 2 3 4", Errc::invalid},
      {"x  1 2 3", Errc::invalid},
      {"x 1 -2 3 4", Errc::invalid},
      {"x 1 2 3 4\r", Errc::invalid},
      {"x 9223372036854775808 0 0 0", Errc::invalid},
      {"x 1 67108865 0 0", Errc::too_long},
      {"x 1 0 67108865 0", Errc::too_long},
      {"x 1 0 0 5", Errc::too_long},
      {"x 1 99999999999999999999 0 0", Errc::invalid},
  };
  for (const auto& row : rows) {
    CAPTURE(row.header);
    const auto header = parse_header(row.header);
    CHECK(header.has_value() == !row.error.has_value());
    if (!header && row.error) CHECK(header.error().kind == *row.error);
  }
}

TEST_CASE("a question says until when its asker waits, if that is not for ever") {
  const Deadline latest(std::chrono::duration_cast<milliseconds>(Duration::max()));
  for (const Deadline until :
       {Deadline(milliseconds(0)), Deadline(seconds(1234)), latest - milliseconds(1)}) {
    std::string wire;
    append_frame(wire, "x", 1, "", "", 0, until);
    const auto header = parse_header(std::string_view(wire).substr(0, wire.find('\n')));
    REQUIRE(header);
    CHECK(header->until == until);
  }
  CHECK(parse_header("x 1 2 3 4")->until == Deadline::max());
  CHECK(parse_header("x 1 2 3 4 9223372036854775807")->until == Deadline::max());
}

TEST_CASE("nonsense on the wire is an error as soon as it can be seen") {
  CHECK(error_of("GET / HTTP/1.1\r\n", false) == Errc::invalid);
  CHECK(error_of("postern-ipc 2\n", false) == Errc::invalid);
  CHECK(error_of("q", false) == Errc::invalid);
  CHECK(error_of("\n") == Errc::invalid);
  CHECK(error_of(std::string(127, 'x')) == std::nullopt);
  CHECK(error_of(std::string(128, 'x')) == Errc::invalid);
  CHECK(error_of("x 1 0 0 0\n!") == Errc::invalid);        // no empty line
  CHECK(error_of("x 1 3 0 0\na=1\n\n") == Errc::invalid);  // a wrong length
  CHECK(error_of(std::string(100, '\0') + "\n") == Errc::invalid);
}

TEST_CASE("the byte that wakes a service is an end, not nonsense") {
  CHECK(error_of("W", false) == Errc::lost);
  CHECK(error_of("W", true) == std::nullopt);
}

TEST_CASE("ten thousand frames in one piece, and in pieces that always end inside a header") {
  std::string wire;
  for (int i = 0; i < 10'000; ++i) append_frame(wire, "tick", static_cast<std::uint64_t>(i), "n=1\n", "", 0);
  for (const std::size_t piece : {wire.size(), std::size_t{1000}, std::size_t{19}}) {
    FrameReader reader(true);
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < wire.size(); at += piece) {
      reader.feed(std::string_view(wire).substr(at, piece));
      CHECK_FALSE(take_all(reader, frames));
    }
    REQUIRE(frames.size() == 10'000);
    CHECK(frames.back().id == 9999);
  }
}

}  // namespace postern::ipc
