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

namespace postern::screen {

struct CacheSetup {
  std::string map;             // postscreen_cache_map; empty: nothing is kept
  std::string data_directory;  // for maps that are no file here
  std::string owner;           // whom files belong to when we are root; empty: nobody else
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
  virtual ~Cache() = default;
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // In the jail: begins to write and to clean up.
  virtual void start() = 0;
  // What the client has passed, as long as that is remembered: postscreen_cache_retention_time after the last of it
  // expired. The file is asked when memory does not have all of `wanted` valid; without `wanted` (or with a client that
  // memory has enough of) it is not. `now`: seconds since 1970.
  virtual std::optional<screening::Passes> find(std::string_view client, screening::TestSet wanted,
                                                std::int64_t now) = 0;
  // Of what is recorded by us and by others, the later time counts for each test.
  virtual void record(std::string_view client, const screening::Passes& passes) = 0;
  // Writes what is left. Nothing may be asked afterwards.
  virtual net::Task<void> finish() = 0;

 protected:
  Cache() = default;
};

}  // namespace postern::screen
