#include "lib/history/tls_history.h"

#include <sys/stat.h>

#include <cstdio>
#include <thread>

#include "lib/base/statement.h"
#include "lib/base/text.h"

namespace postern::history {

namespace {

// Of files of this kind: "PTls".
constexpr std::int64_t kApplication = 0x50546c73;
constexpr std::int64_t kFormat = 1;
constexpr int kTriesAtStart = 20;
constexpr milliseconds kBetweenTries{20};

constexpr const char* kOpening = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA journal_size_limit = 1048576;
PRAGMA temp_store = MEMORY;
)";

constexpr const char* kTables = R"(
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS server (
  nexthop TEXT NOT NULL,
  host TEXT NOT NULL,
  protocol TEXT NOT NULL,
  standing INTEGER NOT NULL,
  asked TEXT NOT NULL,
  seen INTEGER NOT NULL,
  weaker_since INTEGER NOT NULL,
  PRIMARY KEY (nexthop, host)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS server_seen ON server (seen);
PRAGMA application_id = 1347710067;
PRAGMA user_version = 1;
COMMIT;
)";
static_assert(kApplication == 1347710067 && kFormat == 1);

Errc kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: return Errc::invalid;
    case SQLITE_FULL: return Errc::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::busy;
    case SQLITE_PERM:
    case SQLITE_READONLY: return Errc::denied;
    case SQLITE_CANTOPEN: return Errc::not_found;
    default: return Errc::io;
  }
}

}  // namespace

struct TlsHistory::Statements {
  explicit Statements(sqlite3* handle) : db(handle) {}
  bool is_whole() const {
    for (const Statement* one : {&find, &record, &drop, &drop_old, &drop_most, &forget}) {
      if (!*one) return false;
    }
    return true;
  }
  sqlite3* db;
  Statement find{db,
                 "SELECT protocol, standing, asked, seen, weaker_since FROM server "
                 "WHERE nexthop = ? AND host = ?"};
  Statement record{db, "INSERT OR REPLACE INTO server VALUES (?,?,?,?,?,?,?)"};
  Statement drop{db, "DELETE FROM server WHERE nexthop = ? AND host = ?"};
  Statement drop_old{db, "DELETE FROM server WHERE seen < ?"};
  Statement drop_most{db,
                      "DELETE FROM server WHERE (nexthop, host) IN "
                      "(SELECT nexthop, host FROM server ORDER BY seen DESC LIMIT -1 OFFSET ?)"};
  Statement forget{db,
                   "DELETE FROM server WHERE nexthop = ?1 OR host = ?1 OR "
                   "substr(host, 1, length(?1) + 1) = ?1 || ':'"};
};

TlsHistory::TlsHistory(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

TlsHistory::~TlsHistory() {
  statements_.reset();
  sqlite3_close(handle_);
}

Failure TlsHistory::failure(std::string_view what) const {
  const int code = sqlite3_errcode(handle_);
  return fail(Error{kind_of(code), concat(path_, ": ", what, ": ", sqlite3_errmsg(handle_)), 0});
}

Result<void> TlsHistory::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  auto failed = failure("write");
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  return failed;
}

Result<std::int64_t> TlsHistory::number(const char* sql) {
  Statement statement(handle_, sql);
  if (!statement || statement.step() != SQLITE_ROW) return failure("read");
  return statement.number(0);
}

Result<std::unique_ptr<TlsHistory>> TlsHistory::open(const std::string& path, Access access,
                                                     milliseconds patience) {
  const int flags = access == Access::read     ? SQLITE_OPEN_READONLY
                    : access == Access::change ? SQLITE_OPEN_READWRITE
                                               : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const mode_t old = ::umask(077);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  ::umask(old);
  std::unique_ptr<TlsHistory> opened(new TlsHistory(handle, path));
  if (code != SQLITE_OK) return opened->failure("open");
  sqlite3_busy_timeout(handle, static_cast<int>(patience.count()));
  auto ready = opened->prepare(access);
  if (!ready) return fail(ready.error());
  return opened;
}

Result<void> TlsHistory::prepare(Access access) {
  const auto application = number("PRAGMA application_id");
  const auto format = number("PRAGMA user_version");
  const auto tables = number("SELECT count(*) FROM sqlite_schema");
  for (const auto* answer : {&application, &format, &tables}) {
    if (!*answer) return fail(answer->error());
  }
  const bool is_new = *application == 0 && *format == 0 && *tables == 0;
  if (!is_new && (*application != kApplication || *format != kFormat))
    return fail(Errc::invalid, concat(path_, ": a file of something else"));
  auto done = execute("PRAGMA cache_size = -128");  // there is one in each process
  if (done && access == Access::write) done = execute(kOpening);
  if (done && access == Access::write) done = execute(kTables);
  if (!done) return done;
  statements_ = std::make_unique<Statements>(handle_);
  if (statements_->is_whole()) return {};
  return fail(Errc::invalid, concat(path_, ": its table is not that of this version"));
}

Result<std::unique_ptr<TlsHistory>> TlsHistory::open_or_begin(const std::string& path, std::string& warning) {
  auto opened = open(path, Access::write);
  // Of processes that begin a file at the same time, those that come second to its journal are told so at once.
  for (int tries = 0; !opened && opened.error().kind == Errc::busy && tries < kTriesAtStart; ++tries) {
    std::this_thread::sleep_for(kBetweenTries);
    opened = open(path, Access::write);
  }
  if (opened || opened.error().kind != Errc::invalid) return opened;
  const std::string aside = path + ".aside";
  if (::rename(path.c_str(), aside.c_str()) != 0) return opened;
  for (const char* beside : {"-wal", "-shm"}) std::remove((path + beside).c_str());
  warning = concat("moved to ", aside, ", and a new one begun: ", opened.error().text);
  return open(path, Access::write);
}

Result<std::optional<TlsRecord>> TlsHistory::find(const TlsKey& key) {
  Statement& find = statements_->find;
  const int code = find.with(std::string_view(key.first), std::string_view(key.second)).step();
  std::optional<TlsRecord> found;
  if (code == SQLITE_ROW) {
    found = TlsRecord{find.text(0), static_cast<int>(find.number(1)), find.text(2), find.number(3),
                      find.number(4)};
  }
  const auto failed = code == SQLITE_ROW || code == SQLITE_DONE ? std::optional<Failure>() : failure("read");
  find.reset();
  if (failed) return *failed;
  return found;
}

Result<void> TlsHistory::store(const TlsChanges& changes) {
  auto done = execute("BEGIN IMMEDIATE");
  if (!done) return done;
  for (const auto& [key, record] : changes) {
    const std::string_view nexthop = key.first, host = key.second;
    const int code = !record ? statements_->drop.with(nexthop, host).run()
                             : statements_->record
                                   .with(nexthop, host, std::string_view(record->protocol), record->standing,
                                         std::string_view(record->asked), record->seen, record->weaker_since)
                                   .run();
    if (code == SQLITE_DONE) continue;
    auto failed = failure("write");
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    return failed;
  }
  return execute("COMMIT");
}

Result<void> TlsHistory::clean(std::int64_t oldest) {
  const bool done = statements_->drop_old.with(oldest).run() == SQLITE_DONE &&
                    statements_->drop_most.with(kMost).run() == SQLITE_DONE;
  return done ? Result<void>() : failure("write");
}

Result<int> TlsHistory::forget(std::string_view name) {
  const std::string text = lower(name);
  if (statements_->forget.with(std::string_view(text)).run() != SQLITE_DONE) return failure("write");
  return sqlite3_changes(handle_);
}

}  // namespace postern::history
