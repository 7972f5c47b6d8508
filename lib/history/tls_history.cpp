#include "lib/history/tls_history.h"

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
)";

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

TlsHistory::TlsHistory(SqliteFile file) : file_(std::move(file)) {}

TlsHistory::~TlsHistory() = default;

Result<std::unique_ptr<TlsHistory>> TlsHistory::open(const std::string& path, Access access,
                                                     milliseconds patience) {
  auto file = SqliteFile::open(path, access, patience);
  if (!file) return fail(file.error());
  std::unique_ptr<TlsHistory> opened(new TlsHistory(std::move(*file)));
  auto ready = opened->prepare(access);
  if (!ready) return fail(ready.error());
  return opened;
}

Result<void> TlsHistory::prepare(Access access) {
  auto done = file_.check_format(kApplication, kFormat);
  if (done) done = file_.execute("PRAGMA cache_size = -128", "set up");  // there is one in each process
  if (done && access == Access::make) done = make_tables();
  if (!done) return done;
  statements_ = std::make_unique<Statements>(file_.handle());
  if (statements_->is_whole()) return {};
  return fail(Errc::invalid, concat(file_.path(), ": its table is not that of this version"));
}

Result<void> TlsHistory::make_tables() {
  auto done = file_.execute(kOpening, "set up");
  if (!done) return done;
  return file_.transact([this] {
    auto made = file_.execute(kTables, "set up");
    return made ? file_.set_format(kApplication, kFormat) : made;
  });
}

Result<std::unique_ptr<TlsHistory>> TlsHistory::open_or_begin(const std::string& path, std::string& warning) {
  const FileId found = file_id(path);
  auto opened = open(path, Access::make);
  // Of processes that begin a file at the same time, those that come second to its journal are told so at once.
  for (int tries = 0; !opened && opened.error().kind == Errc::busy && tries < kTriesAtStart; ++tries) {
    std::this_thread::sleep_for(kBetweenTries);
    opened = open(path, Access::make);
  }
  if (opened || opened.error().kind != Errc::invalid) return opened;
  auto moved = put_aside(path, found, opened.error().text);
  if (!moved) return opened;
  warning = std::move(*moved);
  return open(path, Access::make);
}

Result<std::optional<TlsRecord>> TlsHistory::find(const TlsKey& key) {
  Statement& find = statements_->find;
  const int code = find.with(std::string_view(key.first), std::string_view(key.second)).step();
  std::optional<TlsRecord> found;
  if (code == SQLITE_ROW) {
    found = TlsRecord{find.text(0), static_cast<int>(find.number(1)), find.text(2), find.number(3),
                      find.number(4)};
  }
  const auto failed =
      code == SQLITE_ROW || code == SQLITE_DONE ? std::optional<Failure>() : file_.failure("read");
  find.reset();
  if (failed) return *failed;
  return found;
}

Result<void> TlsHistory::store(const TlsChanges& changes) {
  return file_.transact([&]() -> Result<void> {
    for (const auto& [key, record] : changes) {
      const std::string_view nexthop = key.first, host = key.second;
      const int code = !record
                           ? statements_->drop.with(nexthop, host).run()
                           : statements_->record
                                 .with(nexthop, host, std::string_view(record->protocol), record->standing,
                                       std::string_view(record->asked), record->seen, record->weaker_since)
                                 .run();
      if (code != SQLITE_DONE) return file_.failure("write");
    }
    return {};
  });
}

Result<void> TlsHistory::clean(std::int64_t oldest) {
  const bool done = statements_->drop_old.with(oldest).run() == SQLITE_DONE &&
                    statements_->drop_most.with(kMost).run() == SQLITE_DONE;
  return done ? Result<void>() : file_.failure("write");
}

Result<int> TlsHistory::forget(std::string_view name) {
  const std::string text = lower(name);
  if (statements_->forget.with(std::string_view(text)).run() != SQLITE_DONE) return file_.failure("write");
  return sqlite3_changes(file_.handle());
}

}  // namespace postern::history
