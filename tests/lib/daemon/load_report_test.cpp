#include "lib/daemon/load_report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "lib/base/text.h"
#include "lib/daemon/scoreboard.h"
#include "lib/daemon/scoreboard_reader.h"

using namespace postern;
using namespace postern::daemon;

namespace {

Result<ScoreboardReader> reader_of(const Scoreboard& board) {
  return ScoreboardReader::open(concat("/proc/self/fd/", board.fd()));
}

constexpr config::Digest kOld{1, 2}, kNew{3, 4};

}  // namespace

TEST_CASE("the start is the first load, and a load that has begun has no report yet") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  const auto reader = reader_of(*board);
  REQUIRE(reader);
  CHECK(reader->loads_begun() == 0);
  CHECK(!reader->last_load());
  board->begin_load();
  CHECK(reader->loads_begun() == 1);
  CHECK(!reader->last_load());
  const std::int64_t before = wall_micros();
  board->load_succeeded(kOld, 1);
  const auto first = reader->last_load();
  REQUIRE(first);
  CHECK(first->number == 1);
  CHECK(first->generation == 1);
  CHECK(first->digest == kOld);
  CHECK(first->succeeded);
  CHECK(first->reason.empty());
  CHECK(first->ended >= before);
  CHECK(first->in_force_since == first->ended);
}

TEST_CASE("a load that fails leaves the generation and its time, until one succeeds") {
  auto board = Scoreboard::create("1");
  REQUIRE(board);
  const auto reader = reader_of(*board);
  REQUIRE(reader);
  board->begin_load();
  board->load_succeeded(kOld, 1);
  const auto first = reader->last_load();
  board->begin_load();
  board->load_failed(kNew, "main.cf, line 3: no");
  const auto second = reader->last_load();
  REQUIRE(second);
  CHECK(second->number == 2);
  CHECK(second->generation == 1);
  CHECK(second->in_force_since == first->in_force_since);
  CHECK(second->digest == kNew);
  CHECK(!second->succeeded);
  CHECK(second->reason == "main.cf, line 3: no");
  board->begin_load();
  board->load_succeeded(kNew, 2);
  const auto third = reader->last_load();
  REQUIRE(third);
  CHECK(third->number == 3);
  CHECK(third->generation == 2);
  CHECK(third->succeeded);
  CHECK(third->reason.empty());
}

TEST_CASE("a long reason is cut, and a size that cannot be is not believed") {
  auto memory = std::make_unique<scoreboard::Report>();
  LoadReport report;
  report.number = 1;
  report.reason = std::string(10000, 'x');
  write_report(*memory, report);
  CHECK(read_report(*memory)->reason == std::string(scoreboard::kReason, 'x'));
  memory->reason_size = UINT32_MAX;
  CHECK(read_report(*memory)->reason.size() == scoreboard::kReason);
}

TEST_CASE("a report whose writer died in the middle is none") {
  auto memory = std::make_unique<scoreboard::Report>();
  LoadReport report;
  report.number = 1;
  write_report(*memory, report);
  REQUIRE(read_report(*memory));
  memory->changes = memory->changes + 1;
  CHECK(!read_report(*memory));
}

TEST_CASE("a reader never sees half of a report") {
  auto memory = std::make_unique<scoreboard::Report>();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    LoadReport report;
    while (!done) {
      ++report.number;
      report.ended = report.in_force_since = static_cast<std::int64_t>(report.number);
      report.digest = {report.number, report.number};
      report.reason.assign(report.number % 100, static_cast<char>('a' + report.number % 26));
      write_report(*memory, report);
      std::this_thread::yield();
    }
  });
  int seen = 0;
  bool whole = true;
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (seen < 20000 && whole && std::chrono::steady_clock::now() < end) {
    const auto report = read_report(*memory);
    if (!report) continue;
    ++seen;
    const auto number = report->number;
    const auto letter = static_cast<char>('a' + number % 26);
    whole = report->ended == static_cast<std::int64_t>(number) && report->in_force_since == report->ended &&
            report->digest == config::Digest{number, number} && report->reason.size() == number % 100 &&
            std::count(report->reason.begin(), report->reason.end(), letter) ==
                static_cast<std::ptrdiff_t>(report->reason.size());
  }
  done = true;
  writer.join();
  CHECK(whole);
  CHECK(seen > 0);
}
