// The file of screening: what clients have passed, and the statistics of past hours. Several processes may have it open.
// See docs/formats/screen-cache.md for its tables. One thread uses a Database.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/result.h"
#include "lib/base/sqlite_file.h"
#include "lib/base/time.h"
#include "lib/screening/tally.h"
#include "lib/screening/tests.h"

namespace postern::screening {

// What is to be written, of one hour.
struct Batch {
  std::unordered_map<std::string, Passes> passes;
  std::int64_t hour = 0;  // since 1970
  Tally tally;
};

// The later time of each test counts.
void merge(Passes& into, const Passes& other);
// The latest time of all tests.
std::int64_t last_of(const Passes& passes);

class Database {
 public:
  static constexpr std::int64_t kHoursKept = 24 * 400;
  static constexpr std::int64_t kNetworkHoursKept = 24 * 31;
  static constexpr int kNetworksOfHour = 100;

  // All functions fail as SqliteFile::failure() says; also with invalid when the file is of something else.

  using Access = SqliteFile::Access;
  static Result<std::unique_ptr<Database>> open(const std::string& path, Access access,
                                                milliseconds patience = seconds(5));
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // What the client has passed. The first question begins a view of the file, which others wait for in nothing; end_view()
  // ends it, and costs nothing when there is none.
  Result<std::optional<Passes>> find(std::string_view client);
  void end_view();

  // Writes all of it, or nothing.
  Result<void> store(const Batch& batch);

  // Cleaning up. claim_cleanup() says whether it is this process's turn: the last one ended at least `interval` seconds
  // ago, and nobody else is at it. Then clean() looks at up to `limit` clients behind `state.at` and drops those whose last
  // pass expired before `oldest`, until `state.ended`; and end_cleanup() also drops statistics that are too old.
  struct Cleanup {
    std::string at;
    std::int64_t retained = 0, dropped = 0;
    bool ended = false;
  };
  Result<bool> claim_cleanup(std::int64_t now, std::int64_t interval);
  Result<void> clean(Cleanup& state, std::int64_t oldest, int limit);
  Result<void> end_cleanup(std::int64_t now);
  // When the last one ended, seconds since 1970; 0: never.
  Result<std::int64_t> last_cleanup();

  // Throws all away, in place: for a file that is damaged while it is in use.
  Result<void> begin_anew();
  // Moves what was written into the file itself, so that little is left beside it.
  void checkpoint();

  // For questions of others (report.h).
  sqlite3* handle() const { return file_.handle(); }
  Failure failure(std::string_view what) const { return file_.failure(what); }

 private:
  struct Statements;
  explicit Database(SqliteFile file);
  Result<void> prepare(Access access);
  Result<void> make_tables();
  Result<void> prepare_statements();
  Result<void> write_passes(const Batch& batch);
  Result<void> write_numbers(const Batch& batch);
  Result<void> write_networks(const Batch& batch);
  Result<void> add_number(std::int64_t hour, std::string_view name, std::int64_t n);
  Result<void> set_state(std::string_view name, std::int64_t value);
  Result<std::int64_t> state(std::string_view name);

  SqliteFile file_;
  std::unique_ptr<Statements> statements_;
  bool viewing_ = false;
};

// Opens the file for writing; one that is damaged or of something else is moved aside, with what belongs to it, and a new
// one begun. `warning` says so, for the log; it stays empty otherwise.
Result<std::unique_ptr<Database>> open_or_begin(const std::string& path, std::string& warning);

}  // namespace postern::screening
