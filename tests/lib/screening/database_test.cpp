#include "lib/screening/database.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/screening/report.h"
#include "tests/lib/base/temporary_directory.h"

using namespace postern;
using namespace postern::screening;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kHour = kNow / 3600;

std::unique_ptr<Database> open(const std::string& path, Database::Access access = Database::Access::make) {
  auto database = Database::open(path, access);
  if (!database) FAIL(database.error().text);
  return std::move(*database);
}

Batch of(const std::string& client, const Passes& passes) {
  Batch batch;
  batch.passes[client] = passes;
  batch.hour = kHour;
  return batch;
}

std::optional<Passes> find(Database& database, const std::string& client) {
  const auto found = database.find(client);
  REQUIRE(found);
  database.end_view();
  return *found;
}

void write(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

// An answer of the library itself: the tables are a format that others may read.
std::string sql(Database& database, const char* question) {
  std::string answer;
  const auto collect = [](void* all, int columns, char** values, char**) {
    for (int i = 0; i < columns; ++i)
      *static_cast<std::string*>(all) += concat(values[i] ? values[i] : "", " ");
    return 0;
  };
  REQUIRE(sqlite3_exec(database.handle(), question, collect, &answer, nullptr) == SQLITE_OK);
  return std::string(trim(answer));
}

// Swaps bytes in the middle of each page but the first ones.
void damage(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (int page = 1; page < 60; ++page) {
    file.seekp(page * 4096);
    file << std::string(2000, '\xee');
  }
}

std::string fill(const std::string& path) {
  const auto database = open(path);
  Batch batch;
  for (int i = 0; i < 4000; ++i) batch.passes[concat("192.0.", i / 250, ".", i % 250)] = {{kNow, 1, 0, 0, 0}};
  REQUIRE(database->store(batch));
  database->checkpoint();
  return path;
}

}  // namespace

TEST_CASE("What a client has passed is found again, by others and after a restart") {
  TemporaryDirectory directory;
  const std::string path = directory.path("cache.db");
  auto database = open(path);
  const auto other = open(path, Database::Access::read);
  const Passes passes{{kNow + 1, kNow + 2, 0, 1, kNow + 5}};
  CHECK(find(*other, "192.0.2.1") == std::nullopt);
  REQUIRE(database->store(of("192.0.2.1", passes)));
  CHECK(find(*database, "192.0.2.1") == passes);
  CHECK(find(*other, "192.0.2.1") == passes);
  CHECK(find(*other, "192.0.2.10") == std::nullopt);
  database.reset();
  CHECK(find(*open(path), "192.0.2.1") == passes);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 077) == 0);
}

TEST_CASE("Of what two write, the later time counts for each test") {
  TemporaryDirectory directory;
  const auto one = open(directory.path("cache.db")), other = open(directory.path("cache.db"));
  REQUIRE(one->store(of("192.0.2.1", {{10, 20, 30, 0, 1}})));
  REQUIRE(other->store(of("192.0.2.1", {{11, 19, 30, 1, 0}})));
  CHECK(find(*one, "192.0.2.1") == Passes{{11, 20, 30, 1, 1}});
}

TEST_CASE("A view shows one state until it ends, and holds up nobody who writes") {
  TemporaryDirectory directory;
  const auto reader = open(directory.path("cache.db")), writer = open(directory.path("cache.db"));
  REQUIRE(reader->find("192.0.2.1"));
  REQUIRE(writer->store(of("192.0.2.1", {{9, 0, 0, 0, 0}})));
  CHECK(*reader->find("192.0.2.1") == std::nullopt);
  reader->end_view();
  CHECK(reader->find("192.0.2.1")->has_value());
}

TEST_CASE("A file that is no cache, or a damaged one, is moved aside, and a new one begun") {
  TemporaryDirectory directory;
  const std::string path = directory.path("cache.db");
  std::string expected;
  SUBCASE("text") {
    write(path, std::string(5000, 'x'));
    expected = "not a database";
  }
  SUBCASE("a database of something else") {
    sqlite3* handle = nullptr;
    sqlite3_open(path.c_str(), &handle);
    sqlite3_exec(handle, "CREATE TABLE letters (a TEXT)", nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    expected = "a file of something else";
  }
  SUBCASE("another version") {
    sql(*open(path), "PRAGMA user_version = 99");
    expected = "a file of another version: 99";
  }
  SUBCASE("a table is missing") {
    sql(*open(path), "DROP TABLE state; CREATE TABLE state (x TEXT)");
    expected = "its tables are not those of this version";
  }
  SUBCASE("damaged pages") {
    damage(fill(path));
    expected = "";
  }
  SUBCASE("cut off") {
    fill(path);
    REQUIRE(::truncate(path.c_str(), 3 * 4096) == 0);
    expected = "";
  }
  const auto before = read_file(path);
  REQUIRE(before);
  std::string warning;
  const auto database = open_or_begin(path, warning);
  REQUIRE(database);
  CHECK(warning.starts_with(concat("moved to ", path, ".aside, and a new one begun: ")));
  CHECK_MESSAGE(warning.find(expected) != std::string::npos, warning);
  CHECK(read_file(path + ".aside").value_or("").size() >= before->size());
  REQUIRE((*database)->store(of("192.0.2.1", {{9, 0, 0, 0, 0}})));
  CHECK(find(**database, "192.0.2.1") == Passes{{9, 0, 0, 0, 0}});
}

TEST_CASE("A good file stays where it is, and an empty one is begun") {
  TemporaryDirectory directory;
  std::string warning;
  write(directory.path("empty.db"), "");
  REQUIRE(open_or_begin(directory.path("empty.db"), warning));
  REQUIRE(open_or_begin(fill(directory.path("cache.db")), warning));
  CHECK(warning.empty());
  const auto again = open_or_begin(directory.path("cache.db"), warning);
  REQUIRE(again);
  CHECK(find(**again, "192.0.2.7")->of(Test::pregreet) == kNow);
  CHECK(warning.empty());
}

TEST_CASE("What cannot be opened is an error, and nothing is moved") {
  TemporaryDirectory directory;
  std::string warning;
  std::filesystem::create_directory(directory.path("cache.db"));
  CHECK_FALSE(open_or_begin(directory.path("cache.db"), warning));
  CHECK_FALSE(open_or_begin(directory.path("no/such/place.db"), warning));
  CHECK(Database::open(directory.path("none.db"), Database::Access::read).error().kind == Errc::not_found);
  CHECK(warning.empty());
  CHECK_FALSE(std::filesystem::exists(directory.path("none.db")));
}

TEST_CASE("A file that is damaged while it is in use is begun anew in place, also for who has it open") {
  TemporaryDirectory directory;
  const std::string path = fill(directory.path("cache.db"));
  const auto writer = open(path), reader = open(path, Database::Access::read);
  damage(path);
  Batch many;
  for (int i = 0; i < 4000; ++i) many.passes[concat("10.0.", i / 250, ".", i % 250)] = {{9, 0, 0, 0, 0}};
  const auto failed = writer->store(many);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == Errc::invalid);
  const auto begun = writer->begin_anew();
  REQUIRE_MESSAGE(begun, begun.error().text);
  REQUIRE(writer->store(many));
  CHECK(find(*reader, "10.0.3.4") == Passes{{9, 0, 0, 0, 0}});
  CHECK(find(*reader, "192.0.2.7") == std::nullopt);
  CHECK(sql(*writer, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("A disk that is full is said, and what was written before is still there") {
  TemporaryDirectory directory;
  const auto database = open(fill(directory.path("cache.db")));
  sql(*database, "PRAGMA max_page_count = 60");
  Batch many;
  for (int i = 0; i < 40'000; ++i) many.passes[concat("10.", i / 250, ".", i % 250)] = {{9, 0, 0, 0, 0}};
  const auto failed = database->store(many);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == Errc::full);
  CHECK(find(*database, "10.1.1") == std::nullopt);
  CHECK(find(*database, "192.0.2.7").has_value());
  sql(*database, "PRAGMA max_page_count = 100000");
  CHECK(database->store(many));
}

TEST_CASE("kill -9 at any moment leaves whole batches") {
  TemporaryDirectory directory;
  const std::string path = directory.path("cache.db");
  open(path);
  for (int round = 0; round < 12; ++round) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto database = Database::open(path, Database::Access::make);
      for (int i = 0; database; ++i) {
        Batch batch;
        for (int k = 0; k < 10; ++k) batch.passes[concat(round, ".", i, ".", k)] = {{kNow, 0, 0, 0, 0}};
        batch.hour = kHour;
        batch.tally.add(Count::pass_new, 10);
        if (!(*database)->store(batch)) break;
      }
      ::_exit(1);
    }
    ::usleep(static_cast<useconds_t>(3000 + round * 1777));  // how far it comes is of no importance
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    std::string warning;
    const auto database = open_or_begin(path, warning);
    REQUIRE(database);
    CHECK(warning.empty());
    CHECK(sql(**database, "PRAGMA integrity_check") == "ok");
    CHECK(sql(**database, "SELECT count(*) % 10 FROM pass") == "0");
    CHECK(sql(**database, "SELECT (SELECT count(*) FROM pass) = coalesce(sum(value), 0) FROM number") == "1");
  }
}

TEST_CASE("Cleaning up drops what expired long ago, in steps, by one process at a time") {
  TemporaryDirectory directory;
  const auto one = open(directory.path("cache.db")), other = open(directory.path("cache.db"));
  Batch batch;
  for (int i = 0; i < 25; ++i) batch.passes[concat("old ", i)] = {{kNow - 101, kNow - 200, 1, 0, 0}};
  for (int i = 0; i < 10; ++i) batch.passes[concat("new ", i)] = {{0, 1, 0, kNow - 100, 0}};
  batch.hour = kHour;
  batch.tally.add(Count::connections);
  batch.tally.visited("192.0.2.0/24", {1, 1});
  REQUIRE(one->store(batch));
  batch.hour = kHour - Database::kHoursKept - 1;
  REQUIRE(one->store(batch));

  REQUIRE(*one->claim_cleanup(kNow, 3600));
  CHECK_FALSE(*other->claim_cleanup(kNow, 3600));
  Database::Cleanup state;
  int steps = 0;
  for (; !state.ended; ++steps) REQUIRE(one->clean(state, kNow - 100, 7));
  CHECK(steps == 6);
  CHECK(state.retained == 10);
  CHECK(state.dropped == 25);
  REQUIRE(one->end_cleanup(kNow));
  CHECK(sql(*one, "SELECT count(*) FROM pass WHERE client LIKE 'old%'") == "0");
  CHECK(sql(*one, "SELECT DISTINCT hour FROM number") == std::to_string(kHour));
  CHECK(sql(*one, "SELECT hour FROM network") == std::to_string(kHour));
  CHECK(*other->last_cleanup() == kNow);
  CHECK_FALSE(*other->claim_cleanup(kNow + 3599, 3600));
  CHECK(*other->claim_cleanup(kNow + 3600, 3600));
  // One who died at it holds up the others for an hour.
  CHECK_FALSE(*one->claim_cleanup(kNow + 7000, 3600));
  CHECK(*one->claim_cleanup(kNow + 7200, 3600));
  // And a clock that was wrong nobody.
  REQUIRE(one->end_cleanup(kNow + 1'000'000'000));
  CHECK(*one->claim_cleanup(kNow, 3600));
}

TEST_CASE("Statistics are added up hour by hour, and asked for by period") {
  TemporaryDirectory directory;
  const auto database = open(directory.path("cache.db"));
  for (int hour = 0; hour < 5; ++hour) {
    Batch batch;
    batch.hour = kHour + hour;
    batch.tally.add(Count::connections, 100);
    batch.tally.add(count_of(Test::pregreet, Action::drop), hour);
    batch.tally.listed("zen.example", 2);
    batch.tally.visited("192.0.2.0/24", {9, hour});
    batch.tally.visited("198.51.100.0/24", {5, 2});
    batch.tally.visited("203.0.113.0/24", {5, 0});
    REQUIRE(database->store(batch));
    REQUIRE(database->store(batch));
  }
  const auto report = report_of(*database, kHour + 1, kHour + 3, 10);
  REQUIRE(report);
  CHECK(report->first == kHour + 1);
  CHECK(report_of(*database, 0, kHour + 3, 10)->first == kHour);
  CHECK(report_of(*database, kHour + 9, kHour + 9, 10)->first == std::nullopt);
  CHECK(report->of(Count::connections) == 600);
  CHECK(report->of(Count::pregreet_dropped) == 12);
  CHECK(report->of(Count::pass_new) == 0);
  CHECK(report->numbers.count("pass_new") == 0);
  CHECK(report->lists.at("zen.example") == 12);
  REQUIRE(report->networks.size() == 2);
  CHECK(report->networks[0].network == "192.0.2.0/24");
  CHECK(report->networks[0].visits == Visits{54, 12});
  CHECK(report->networks[1].visits == Visits{30, 12});
  CHECK(report_of(*database, kHour + 9, kHour + 9, 10)->numbers.empty());
  CHECK(report_of(*database, kHour, kHour + 9, 1)->networks.size() == 1);
  CHECK(sql(*database, "SELECT value FROM statistics WHERE name = 'connections' LIMIT 1") == "200");
}

TEST_CASE("Of an hour that is over the worst networks stay, and of one that is not a bounded number") {
  TemporaryDirectory directory;
  const auto database = open(directory.path("cache.db"));
  for (int round = 0; round < 3; ++round) {
    Batch batch;
    batch.hour = kHour;
    for (std::size_t i = 0; i < Tally::kNetworks; ++i) {
      batch.tally.visited(concat("network ", round, " ", i), {5, static_cast<std::int64_t>(i)});
    }
    REQUIRE(database->store(batch));
  }
  CHECK(sql(*database, "SELECT count(*) FROM network") == std::to_string(2 * Tally::kNetworks));
  Batch next;
  next.hour = kHour + 1;
  next.tally.visited("another", {1, 0});
  REQUIRE(database->store(next));
  CHECK(sql(*database, "SELECT count(*) FROM network WHERE hour = 500000") ==
        std::to_string(Database::kNetworksOfHour));
  CHECK(sql(*database, "SELECT min(offences) > 1900 FROM network WHERE hour = 500000") == "1");
}
