#include "lib/daemon/scoreboard.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/daemon/own_page.h"
#include "lib/daemon/scoreboard_reader.h"

using namespace postern;
using namespace postern::daemon;

namespace {
std::string path_of(const Scoreboard& board) { return concat("/proc/self/fd/", board.fd()); }
}  // namespace

TEST_CASE("what a child writes on its page is seen by a reader") {
  auto board = Scoreboard::create("1.2.3", "/etc/postern");
  REQUIRE(board);
  REQUIRE(board->take_slot() == 0u);
  REQUIRE(board->take_slot() == 1u);
  const pid_t child = ::fork();
  if (child == 0) {
    auto own = OwnPage::open(board->fd(), 1, "smtpd", "submission", 7);
    if (!own) ::_exit(1);
    own->set_state(State::busy);
    own->counter("accepted").add(3);
    own->counter("accepted").add();
    own->gauge("sessions").set(2);
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  REQUIRE(status == 0);
  const auto reader = ScoreboardReader::open(path_of(*board));
  REQUIRE(reader);
  CHECK(reader->version() == "1.2.3");
  CHECK(reader->configuration() == "/etc/postern");
  CHECK(reader->master() == static_cast<std::uint32_t>(::getpid()));
  auto rows = reader->rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].slot == 1);
  CHECK(rows[0].pid == static_cast<std::uint32_t>(child));
  CHECK(rows[0].program == "smtpd");
  CHECK(rows[0].service == "submission");
  CHECK(rows[0].state == State::busy);
  CHECK(rows[0].generation == 7);
  using Values = std::vector<std::pair<std::string, std::uint64_t>>;
  CHECK(rows[0].values == Values{{"accepted", 4}, {"sessions", 2}});
  board->free_slot(1);
  CHECK(reader->rows().empty());
  CHECK(board->take_slot() == 1u);
}

TEST_CASE("more names than a page has room for are counted and not shown") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  REQUIRE(board->take_slot());
  auto own = OwnPage::open(board->fd(), 0, "x", "y", 0);
  REQUIRE(own);
  for (std::size_t i = 0; i < scoreboard::kValues; ++i) own->counter(concat("value_", i)).add();
  Counter unseen = own->counter("one too many");
  unseen.add(5);
  CHECK(unseen.get() == 5);
  const auto reader = ScoreboardReader::open(path_of(*board));
  REQUIRE(reader);
  REQUIRE(reader->rows().size() == 1);
  CHECK(reader->rows()[0].values.size() == scoreboard::kValues);
}

TEST_CASE("a label is seen under the name that it has at the moment") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  REQUIRE(board->take_slot());
  auto own = OwnPage::open(board->fd(), 0, "x", "y", 0);
  REQUIRE(own);
  Label first = own->label(), second = own->label();
  own->counter("behind them").add(3);
  const auto reader = ScoreboardReader::open(path_of(*board));
  REQUIRE(reader);
  using Values = std::vector<std::pair<std::string, std::uint64_t>>;
  CHECK(reader->rows()[0].values == Values{{"behind them", 3}});
  first.set("one", 1);
  second.set("two", 2);
  CHECK(reader->rows()[0].values == Values{{"one", 1}, {"two", 2}, {"behind them", 3}});
  first.set("", 7);
  second.set(std::string(99, 'x'), 9);
  CHECK(reader->rows()[0].values == Values{{std::string(51, 'x'), 9}, {"behind them", 3}});
  board->free_slot(0);
  own = OwnPage::open(board->fd(), 0, "x", "y", 0);
  REQUIRE(own);
  CHECK(reader->rows()[0].values.empty());
  Label().set("nobody sees it", 1);
}

TEST_CASE("slots are bounded, and a slot that does not exist cannot be opened") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  for (unsigned i = 0; i < kSlots; ++i) REQUIRE(board->take_slot() == i);
  const auto none = board->take_slot();
  REQUIRE(!none);
  CHECK(none.error().kind == Errc::full);
  CHECK(!OwnPage::open(board->fd(), kSlots, "x", "y", 0));
}

TEST_CASE("a long name is cut to its field") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  REQUIRE(board->take_slot());
  auto own = OwnPage::open(board->fd(), 0, std::string(500, 'p'), std::string(500, 's'), 0);
  REQUIRE(own);
  own->counter(std::string(300, 'c')).add();
  CHECK(own->counter(std::string(300, 'c')).get() == 1);
  const auto rows = ScoreboardReader::open(path_of(*board))->rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].program == std::string(63, 'p'));
  CHECK(rows[0].service == std::string(159, 's'));
  REQUIRE(rows[0].values.size() == 1);
  CHECK(rows[0].values[0].first == std::string(51, 'c'));
}

TEST_CASE("nobody can shrink the scoreboard under its readers") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  CHECK(::ftruncate(board->fd(), 4096) != 0);
}

TEST_CASE("what is not a scoreboard is refused") {
  CHECK(ScoreboardReader::open("/nowhere/scoreboard").error().kind == Errc::not_found);
  CHECK(ScoreboardReader::open("/proc/self/exe").error().kind == Errc::invalid);
  const Fd zeros(::memfd_create("zeros", MFD_CLOEXEC));
  REQUIRE(::ftruncate(zeros.get(), scoreboard::kSize) == 0);
  CHECK(ScoreboardReader::open(concat("/proc/self/fd/", zeros.get())).error().kind == Errc::invalid);
}

TEST_CASE("a scoreboard of another layout is refused") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  REQUIRE(ScoreboardReader::open(path_of(*board)));
  board->header().layout = scoreboard::kLayout - 1;
  const auto reader = ScoreboardReader::open(path_of(*board));
  REQUIRE(!reader);
  CHECK(reader.error().kind == Errc::invalid);
  CHECK(reader.error().text.find("of another version") != std::string::npos);
}
