// What clients have passed: a bounded part in memory, all of it in a file that other screens on this host share. The loop
// never waits for the disk to write: a thread writes behind it. A file that cannot be used costs a line in the log, never
// mail.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/screen_params.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"
#include "lib/screening/tally.h"
#include "lib/screening/tests.h"
#include "screen/cache_writer.h"
#include "screen/recent.h"

namespace postern::screen {

struct CacheSetup {
  std::string map;              // postscreen_cache_map; empty: nothing is kept
  std::string data_directory;   // for maps that are no file here
  std::string owner;            // whom files belong to when we are root; empty: nobody else
  seconds cleanup_interval{0};  // 0: never
  seconds retention{0};
  // What was counted since it was last asked; asked before each write.
  std::function<screening::Tally()> tally = {};
};

class Cache {
 public:
  static constexpr std::size_t kEntries = 100'000;  // in memory

  // Opens the file, before the jail. The program needs Rights::threads. Fails with invalid when the map is of a type that
  // nothing can be written to; all else is logged, and results are kept in memory alone.
  static Result<std::unique_ptr<Cache>> open(net::Loop& loop, CacheSetup setup);
  static Result<std::unique_ptr<Cache>> open(net::Loop& loop, const config::ScreenParams& params,
                                             const config::CommonParams& common,
                                             std::function<screening::Tally()> tally);
  // Writes what was recorded, but asks for no numbers; finish() does both, and does not hold up the loop.
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // In the jail: begins to write and to clean up.
  void start();
  // What the client has passed, as long as that is remembered: postscreen_cache_retention_time after the last of it
  // expired. The file is asked when memory does not have all of `wanted` valid; without `wanted`, only when memory does not
  // know the client. `now`: seconds since 1970.
  std::optional<screening::Passes> find(std::string_view client, screening::TestSet wanted, std::int64_t now);
  // Of what is recorded by us and by others, the later time counts for each test.
  void record(std::string_view client, const screening::Passes& passes);
  // Writes what is left. Nothing may be recorded afterwards.
  net::Task<void> finish();

 private:
  struct Timed final : net::Timer {
    Timed(net::Loop& loop, Cache& of, void (Cache::*what)()) : Timer(loop), cache(of), action(what) {}
    void time_came() override { (cache.*action)(); }
    Cache& cache;
    void (Cache::*action)();
  };

  Cache(net::Loop& loop, CacheSetup setup);
  Result<void> open_file();
  Result<void> open_databases(const std::string& file);
  std::optional<screening::Passes> ask_file(std::string_view client);
  void end_view();
  void write_passes();
  void write_tally();
  void clean();

  net::Loop& loop_;
  CacheSetup setup_;
  Recent recent_{kEntries};
  std::unique_ptr<screening::Database> reader_;  // in the loop
  Instant ask_again_{};                          // after it could not be read
  std::unique_ptr<screening::Database> for_writer_;
  std::unique_ptr<CacheWriter> writer_;
  screening::Batch batch_;
  Timed view_due_{loop_, *this, &Cache::end_view};
  Timed passes_due_{loop_, *this, &Cache::write_passes};
  Timed tally_due_{loop_, *this, &Cache::write_tally};
  Timed cleanup_due_{loop_, *this, &Cache::clean};
};

}  // namespace postern::screen
