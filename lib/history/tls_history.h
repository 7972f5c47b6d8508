// The file that remembers which servers had TLS, and how good. Several processes may have it open; one thread uses an
// object. See docs/formats/tls-history.md for its table.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/base/sqlite_file.h"
#include "lib/base/time.h"

namespace postern::history {

// What a server of a destination showed when it was last at its best. Times are seconds since 1970.
struct TlsRecord {
  std::string protocol;   // "TLSv1.3": later versions are greater as text, too
  int standing = 0;       // of its certificate: 0 untrusted, 1 trusted, 2 as the policy demanded
  std::string asked;      // what the configuration asked for then: records of other demands compare less
  std::int64_t seen = 0;  // the last time
  std::int64_t weaker_since = 0;  // it has had less from then on; 0: it has not
};

// A destination and one of its servers: "example.com", "mx.example.com:25", both in lower case.
using TlsKey = std::pair<std::string, std::string>;
// What is to be written; nothing: the record is to be deleted.
using TlsChanges = std::map<TlsKey, std::optional<TlsRecord>>;

class TlsHistory {
 public:
  static constexpr std::int64_t kMost = 100'000;  // records

  // All functions fail as SqliteFile::failure() says; also with invalid when the file is of something else.

  using Access = SqliteFile::Access;
  static Result<std::unique_ptr<TlsHistory>> open(const std::string& path, Access access,
                                                  milliseconds patience = seconds(5));
  // The same for writing; a file that is damaged or of something else is renamed to PATH.aside, and a new one begun.
  // `warning` says so.
  static Result<std::unique_ptr<TlsHistory>> open_or_begin(const std::string& path, std::string& warning);
  ~TlsHistory();
  TlsHistory(const TlsHistory&) = delete;
  TlsHistory& operator=(const TlsHistory&) = delete;

  Result<std::optional<TlsRecord>> find(const TlsKey& key);
  // Writes all of it, or nothing.
  Result<void> store(const TlsChanges& changes);
  // Drops what was last seen before `oldest`, and of what is left the oldest above kMost.
  Result<void> clean(std::int64_t oldest);
  // Forgets a destination or a server, "example.com", "mx.example.com" or "mx.example.com:25"; returns how many records
  // that were.
  Result<int> forget(std::string_view name);

 private:
  struct Statements;
  explicit TlsHistory(SqliteFile file);
  Result<void> prepare(Access access);
  Result<void> make_tables();

  SqliteFile file_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace postern::history
