// A SQLite database, and what its errors mean. One thread uses an object. Whoever includes this links postern_sqlite.
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace postern {

class SqliteFile {
 public:
  // make: the file is made if it is not there, with mode 0600. change: it is written to, if it is there.
  enum class Access { read, change, make };

  // Waits as long as `patience` for others that have the file. Fails as failure() says.
  static Result<SqliteFile> open(const std::string& path, Access access, milliseconds patience);

  sqlite3* handle() const { return handle_.get(); }
  const std::string& path() const { return path_; }

  // What the last call of SQLite failed with, as "PATH: WHAT: its words". invalid: the file is damaged, or its tables are not those
  // that were asked for; exists: a row that may be there once is there already; full: no room; busy: another process holds
  // it; not_found and denied: of the file; io: all else.
  Failure failure(std::string_view what) const;
  // Runs statements that give no rows. A transaction that a failure leaves open is for the caller to undo.
  Result<void> execute(const std::string& sql, std::string_view what) const;
  // The first number of the first row.
  Result<std::int64_t> number(const char* sql) const;

  bool in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }
  // Undoes the transaction, if there is one.
  void roll_back() const;
  // Does the work, which returns a Result<void>, in one transaction, which a failure undoes.
  template <class Work>
  Result<void> transact(Work work) const {
    auto done = execute("BEGIN IMMEDIATE", "write");
    if (done) done = work();
    if (done) done = execute("COMMIT", "write");
    if (!done) roll_back();
    return done;
  }

  // Fails with invalid unless the file is new, or of this application and format (PRAGMA application_id, user_version).
  Result<void> check_format(std::int64_t application, std::int64_t format) const;
  // Makes it a file of this application and format.
  Result<void> set_format(std::int64_t application, std::int64_t format) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  SqliteFile(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

// Which file has a name at the moment.
struct FileId {
  dev_t device = 0;
  ino_t number = 0;
  bool operator==(const FileId&) const = default;
};
FileId file_id(const std::string& path);

// A database that proved to be damaged or of something else: it moves to PATH.aside with its log, so that a new one can be
// begun. Not when the name has become that of another file than `found`: another process was faster. Returns what the log
// should say, which is nothing then. Fails when it cannot be moved.
Result<std::string> put_aside(const std::string& path, FileId found, std::string_view why);

}  // namespace postern
