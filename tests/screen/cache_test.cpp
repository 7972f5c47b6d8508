#include "screen/cache.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/screening/cache_map.h"
#include "lib/screening/report.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/net/support.h"

using namespace postern;
using namespace postern::screen;
using screening::Passes;
using screening::Test;
using screening::TestSet;

namespace {

const std::int64_t now = wall_seconds();

class Scene {
 public:
  Scene() {
    log::open({"postfix/postscreen", "host", log::Target::descriptor,
               Fd(::open(directory.path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))});
    setup.map = concat("btree:", directory.path("cache"));
    setup.data_directory = directory.path();
    setup.retention = seconds(100);
  }
  ~Scene() { log::open({"test", "", log::Target::descriptor, Fd()}); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  std::unique_ptr<Cache> open() {
    auto cache = Cache::open(loop, setup);
    if (!cache) FAIL(cache.error().text);
    (*cache)->start();
    return std::move(*cache);
  }
  void finish(Cache& cache) { net::testing::finish(loop, cache.finish()); }
  void wait_for(const std::string& line) {
    net::testing::turn_until(loop, [&] { return log_text().find(line) != std::string::npos; });
  }
  std::string log_text() const {
    log::flush();
    return read_file(directory.path("log")).value_or("");
  }
  std::string file() const { return directory.path("cache.db"); }

  TemporaryDirectory directory;
  net::Loop loop;
  CacheSetup setup;
};

Passes passed(Test test, std::int64_t until) {
  Passes passes;
  passes.of(test) = until;
  return passes;
}

// Of the file, as somebody else sees it.
std::optional<Passes> stored(const Scene& scene, const std::string& client) {
  auto database = screening::Database::open(scene.file(), screening::Database::Access::read);
  return database ? (*database)->find(client).value_or(std::nullopt) : std::nullopt;
}

}  // namespace

TEST_CASE("What is recorded is known at once, in the file soon, and after a restart") {
  Scene scene;
  auto cache = scene.open();
  CHECK(cache->find("192.0.2.1", {}, now) == std::nullopt);
  cache->record("192.0.2.1", passed(Test::pregreet, now + 50));
  cache->record("192.0.2.1", passed(Test::dnsbl, now + 60));
  Passes both = passed(Test::pregreet, now + 50);
  both.of(Test::dnsbl) = now + 60;
  CHECK(cache->find("192.0.2.1", {Test::pregreet}, now) == both);
  net::testing::turn_until(scene.loop, [&] { return stored(scene, "192.0.2.1") == both; });
  cache->record("192.0.2.2", both);
  scene.finish(*cache);
  cache.reset();
  cache = scene.open();
  CHECK(cache->find("192.0.2.1", {}, now) == both);
  CHECK(cache->find("192.0.2.2", screening::kEarlyTests, now) == both);
  CHECK(scene.log_text() == "");
}

TEST_CASE("A result is remembered for a while after it expired, and no longer") {
  Scene scene;
  const auto cache = scene.open();
  cache->record("192.0.2.1", passed(Test::pregreet, now + 50));
  CHECK(cache->find("192.0.2.1", {}, now + 150).has_value());
  CHECK(cache->find("192.0.2.1", {}, now + 151) == std::nullopt);
  scene.finish(*cache);
  CHECK(scene.open()->find("192.0.2.1", {}, now + 150).has_value());
  CHECK(scene.open()->find("192.0.2.1", {}, now + 151) == std::nullopt);
}

TEST_CASE("Two screens of one host see what the other one has recorded") {
  Scene scene;
  const auto one = scene.open(), other = scene.open();
  const TestSet wanted{Test::pregreet};
  const auto ask = [&](Cache& cache, std::string_view client) {
    scene.loop.turn(net::Loop::Wait::no);
    return cache.find(client, wanted, now);
  };
  one->record("192.0.2.1", passed(Test::pregreet, now + 50));
  net::testing::turn_until(scene.loop, [&] { return ask(*other, "192.0.2.1").has_value(); });
  // What memory has but is not sufficient is asked for again, and what both have comes together.
  other->record("192.0.2.2", passed(Test::dnsbl, now + 70));
  one->record("192.0.2.2", passed(Test::pregreet, now + 50));
  Passes both = passed(Test::pregreet, now + 50);
  both.of(Test::dnsbl) = now + 70;
  net::testing::turn_until(scene.loop, [&] { return ask(*other, "192.0.2.2") == both; });
  net::testing::turn_until(scene.loop, [&] { return stored(scene, "192.0.2.2") == both; });
}

TEST_CASE("Cleaning up says how many entries were kept and dropped") {
  Scene scene;
  auto cache = scene.open();
  cache->record("192.0.2.1", passed(Test::pregreet, now - 200));
  cache->record("192.0.2.2", passed(Test::pregreet, now - 90));
  cache->record("192.0.2.3", passed(Test::pregreet, now + 50));
  scene.finish(*cache);
  scene.setup.cleanup_interval = seconds(3600);
  const auto one = scene.open(), other = scene.open();
  scene.loop.advance(seconds(11));
  const std::string line = concat("cache ", scene.setup.map, " full cleanup: retained=2 dropped=1 entries");
  scene.wait_for(line);
  CHECK(scene.log_text().find(line) == scene.log_text().rfind(line));
  CHECK(stored(scene, "192.0.2.1") == std::nullopt);
  CHECK(stored(scene, "192.0.2.2").has_value());
}

TEST_CASE("Numbers are written into the statistics of this hour") {
  Scene scene;
  int asked = 0;
  scene.setup.tally = [&] {
    screening::Tally tally;
    if (asked++ == 0) tally.add(screening::Count::pass_new, 7);
    return tally;
  };
  const auto cache = scene.open();
  scene.loop.advance(seconds(11));
  CHECK(asked == 1);
  scene.finish(*cache);
  CHECK(asked == 2);
  const auto database = screening::Database::open(scene.file(), screening::Database::Access::read);
  REQUIRE(database);
  const auto report = screening::report_of(**database, now / 3600, now / 3600 + 1, 10);
  REQUIRE(report);
  CHECK(report->of(screening::Count::pass_new) == 7);
}

TEST_CASE("A file that cannot be used costs a line in the log, and results are kept in memory") {
  Scene scene;
  std::string expected;
  SUBCASE("no directory") {
    scene.setup.map = concat("btree:", scene.directory.path("no/such/cache"));
    expected = "cannot be used, results are kept in memory alone: ";
  }
  SUBCASE("a file of Postfix") {
    std::ofstream(scene.file()) << std::string(8192, 'b');
    expected = concat("moved to ", scene.file(), ".aside, and a new one begun: ");
  }
  SUBCASE("nobody of that name") {
    if (::geteuid() != 0) return;
    scene.setup.owner = "nobody-of-this-name";
    expected = "cannot be used, results are kept in memory alone: unknown user";
  }
  auto cache = scene.open();
  CHECK(scene.log_text().find(concat("warning: cache ", scene.setup.map, " ", expected)) !=
        std::string::npos);
  cache->record("192.0.2.1", passed(Test::pregreet, now + 50));
  CHECK(cache->find("192.0.2.1", {}, now).has_value());
  scene.finish(*cache);
}

TEST_CASE("Root makes files that belong to the owner of the mail system") {
  if (::geteuid() != 0) return;
  Scene scene;
  const passwd* nobody = ::getpwnam("nobody");
  REQUIRE(nobody != nullptr);
  REQUIRE(::chown(scene.directory.path().c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
  scene.setup.owner = "nobody";
  const auto cache = scene.open();
  CHECK(::geteuid() == 0);
  for (const char* ending : {"", "-wal", "-shm"}) {
    struct stat status {};
    REQUIRE(::stat((scene.file() + ending).c_str(), &status) == 0);
    CHECK(status.st_uid == nobody->pw_uid);
    CHECK((status.st_mode & 077) == 0);
  }
}

TEST_CASE("While nothing can be written it is said once, and what was recorded is written later") {
  Scene scene;
  auto cache = scene.open();
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{20'000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &none) == 0);
  for (int i = 0; i < 2000; ++i) cache->record(concat("192.0.2.", i), passed(Test::dnsbl, now + 50));
  const std::string trouble = "cannot be written, and goes on in memory: ";
  scene.wait_for(trouble);
  CHECK(cache->find("192.0.2.1999", {Test::dnsbl}, now).has_value());
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, old);
  scene.finish(*cache);
  CHECK(stored(scene, "192.0.2.0").has_value());
  CHECK(stored(scene, "192.0.2.1999").has_value());
  scene.wait_for("can be written again");
  CHECK(scene.log_text().find(trouble) == scene.log_text().rfind(trouble));
}

TEST_CASE("Without a map nothing is kept, and a map in memory is no file") {
  Scene scene;
  scene.setup.map = "";
  auto cache = scene.open();
  cache->record("192.0.2.1", passed(Test::pregreet, now + 50));
  CHECK(cache->find("192.0.2.1", {}, now) == std::nullopt);
  scene.setup.map = "internal:postscreen";
  cache = scene.open();
  cache->record("192.0.2.1", passed(Test::pregreet, now + 50));
  CHECK(cache->find("192.0.2.1", {}, now).has_value());
  scene.finish(*cache);
  CHECK(std::distance(std::filesystem::directory_iterator(scene.directory.path()), {}) == 1);  // the log
}

TEST_CASE("Each kind of map that can be written to is accepted") {
  struct Row {
    std::string_view map, file;
    bool noted = false;
  };
  for (const Row& row : {Row{"btree:/d/cache", "/d/cache.db"},
                         {"hash:/d/cache", "/d/cache.db"},
                         {"proxy:btree:/d/cache", "/d/cache.db"},
                         {"sqlite:/d/cache", "/d/cache"},
                         {"lmdb:/d/cache", "/d/cache.db", true},
                         {"proxy:lmdb:/d/cache", "/d/cache.db", true},
                         {"memcache:/etc/m.cf", "/data/postscreen_cache.db", true},
                         {"internal:x", ""}}) {
    const auto map = screening::read_cache_map(row.map, "/data");
    REQUIRE_MESSAGE(map, row.map);
    CHECK(map->file == row.file);
    CHECK(map->note.empty() != row.noted);
  }
  for (const std::string_view map :
       {"pcre:/d/x", "texthash:/d/x", "cache", "btree:", "proxy:", ":x", "/d/x"}) {
    const auto read = screening::read_cache_map(map, "/data");
    REQUIRE_FALSE_MESSAGE(read, map);
    CHECK(read.error().kind == Errc::invalid);
    CHECK(read.error().text.starts_with(concat("postscreen_cache_map: ", map)));
  }
}

TEST_CASE("Memory keeps those that were asked for last") {
  Recent recent(3);
  for (const char* client : {"a", "b", "c"}) recent.put(client, passed(Test::dnsbl, 5));
  CHECK(recent.find("a") != nullptr);
  CHECK(recent.put("d", passed(Test::dnsbl, 6)).of(Test::dnsbl) == 6);
  CHECK(recent.find("b") == nullptr);
  CHECK(recent.find("a") != nullptr);
  CHECK(recent.put("a", passed(Test::dnsbl, 4)).of(Test::dnsbl) == 5);
  CHECK(recent.size() == 3);
}
