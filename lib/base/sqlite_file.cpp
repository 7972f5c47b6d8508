#include "lib/base/sqlite_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "lib/base/statement.h"
#include "lib/base/text.h"

namespace postern {

namespace {

int flags_of(SqliteFile::Access access) {
  switch (access) {
    case SqliteFile::Access::read: return SQLITE_OPEN_READONLY;
    case SqliteFile::Access::change: return SQLITE_OPEN_READWRITE;
    case SqliteFile::Access::make: break;
  }
  return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
}

Errc kind_of_last(sqlite3* handle) {
  switch (sqlite3_errcode(handle) & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: return Errc::invalid;  // a table that is not there, or is another
    case SQLITE_CONSTRAINT: return Errc::exists;
    case SQLITE_FULL: return Errc::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::busy;
    case SQLITE_CANTOPEN: return sqlite3_system_errno(handle) == ENOENT ? Errc::not_found : Errc::denied;
    case SQLITE_PERM:
    case SQLITE_READONLY: return Errc::denied;
    default: return Errc::io;
  }
}

}  // namespace

Result<SqliteFile> SqliteFile::open(const std::string& path, Access access, milliseconds patience) {
  sqlite3* handle = nullptr;
  const mode_t old = ::umask(077);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags_of(access) | SQLITE_OPEN_NOMUTEX, nullptr);
  ::umask(old);
  SqliteFile file(handle, path);
  if (code != SQLITE_OK) return file.failure("open");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(patience.count()));
  return file;
}

Failure SqliteFile::failure(std::string_view what) const {
  return fail(kind_of_last(handle()), concat(path_, ": ", what, ": ", sqlite3_errmsg(handle())));
}

Result<void> SqliteFile::execute(const std::string& sql, std::string_view what) const {
  if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failure(what);
}

Result<std::int64_t> SqliteFile::number(const char* sql) const {
  Statement statement(handle(), sql);
  if (!statement || statement.step() != SQLITE_ROW) return failure("read");
  return statement.number(0);
}

void SqliteFile::roll_back() const {
  if (in_transaction()) sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> SqliteFile::check_format(std::int64_t application, std::int64_t format) const {
  const auto its_application = number("PRAGMA application_id");
  const auto its_format = number("PRAGMA user_version");
  const auto tables = number("SELECT count(*) FROM sqlite_schema");
  for (const auto* answer : {&its_application, &its_format, &tables}) {
    if (!*answer) return fail(answer->error());
  }
  if (*its_application == 0 && *its_format == 0 && *tables == 0) return {};  // new
  if (*its_application != application)
    return fail(Errc::invalid, concat(path_, ": a file of something else"));
  if (*its_format == format) return {};
  return fail(Errc::invalid, concat(path_, ": a file of another version: ", *its_format));
}

Result<void> SqliteFile::set_format(std::int64_t application, std::int64_t format) const {
  return execute(concat("PRAGMA application_id = ", application, "; PRAGMA user_version = ", format),
                 "set up");
}

FileId file_id(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

Result<std::string> put_aside(const std::string& path, FileId found, std::string_view why) {
  if (!(file_id(path) == found)) return std::string();
  const std::string aside = path + ".aside";
  if (::rename(path.c_str(), aside.c_str()) != 0) return fail_errno(concat("rename ", path), errno);
  std::remove((path + "-shm").c_str());
  if (::rename((path + "-wal").c_str(), (aside + "-wal").c_str()) != 0) std::remove((aside + "-wal").c_str());
  return concat("moved to ", aside, ", and a new one begun: ", why);
}

}  // namespace postern
