#include "lib/daemon/service_report.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "lib/daemon/scoreboard.h"
#include "lib/daemon/scoreboard_reader.h"

using namespace postern;
using namespace postern::daemon;

namespace {

ServiceReport example() {
  ServiceReport report;
  report.name = "smtp";
  report.type = "inet";
  report.program = "smtpd";
  report.addresses = "127.0.0.1:25 [::1]:25";
  report.state = name_of(ServiceState::throttled);
  report.last_failure = "process 12: exit status 1: bad table";
  report.line = 12;
  report.chroot = 1;
  report.sessions_before = 1234567890123;
  return report;
}

}  // namespace

TEST_CASE("a report is read back as it was written") {
  const auto report = example();
  CHECK(pairs_of(parse_report(format_report(report, 2000))) == pairs_of(report));
}

TEST_CASE("a text from outside cannot make lines of its own, and a report stays within its row") {
  auto report = example();
  report.last_failure = "x\nstate=listening\n" + std::string(5000, 'y');
  report.addresses = std::string(5000, 'a');
  const std::string lines = format_report(report, 1000);
  CHECK(lines.size() <= 1000);
  CHECK(parse_report(lines).state == "throttled");
}

TEST_CASE("lines that nobody knows are passed over") {
  const auto report = parse_report("name=smtp\ncolour=green\nnonsense\n=\nline=x\nstarted=5");
  CHECK(report.name == "smtp");
  CHECK(report.line == 0);
  CHECK(report.started == 5);
}

TEST_CASE("services are read in the order of master.cf, and a row that is given back shows nothing") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  const auto first = board->take_row(), second = board->take_row();
  REQUIRE((first && second));
  auto late = example();
  late.line = 99;
  board->write_row(*first, late);
  board->write_row(*second, example());
  const auto reader = ScoreboardReader::open(concat("/proc/self/fd/", board->fd()));
  REQUIRE(reader);
  auto services = reader->services();
  REQUIRE(services.size() == 2);
  CHECK(services[0].row == *second);
  CHECK(services[1].report.line == 99);
  board->free_row(*second);
  services = reader->services();
  REQUIRE(services.size() == 1);
  CHECK(board->take_row() == second);
}

TEST_CASE("a page says who is expected on it before the process writes itself") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  const auto slot = board->take_slot();
  board->expect(*slot, {"greeter", "hello", 7, 3});
  const auto reader = ScoreboardReader::open(concat("/proc/self/fd/", board->fd()));
  REQUIRE(reader);
  CHECK(reader->rows().empty());
  board->started(*slot, 4711);
  const auto rows = reader->rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].pid == 4711);
  CHECK(rows[0].service == "hello");
  CHECK(rows[0].service_row == 7);
  CHECK(rows[0].generation == 3);
}
