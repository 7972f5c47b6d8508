#include "lib/queue/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <limits>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/queue/schema.h"
#include "lib/queue/statements.h"

namespace postern::queue {

namespace {

// locking_mode comes first: with it the write-ahead log needs no shared memory, and nobody else can write.
constexpr const char* kOpening = R"(
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA cache_size = -16000;
PRAGMA temp_store = MEMORY;
)";

// Without an answer there is room enough: the write itself will tell.
std::int64_t free_bytes(const std::string& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
}

}  // namespace

Database::Database(SqliteFile file) : file_(std::move(file)) {}

Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path, milliseconds patience) {
  auto file = SqliteFile::open(path, SqliteFile::Access::make, patience);
  if (!file) return fail(file.error());
  std::unique_ptr<Database> database(new Database(std::move(*file)));
  auto prepared = database->prepare();
  if (!prepared) return fail(prepared.error());
  return database;
}

Result<void> Database::prepare() {
  auto opened = execute(kOpening);
  if (!opened) return opened;
  auto made = make_tables(file_);
  if (!made) return made;
  int keep = 1;  // the log keeps its size: commits into it need no new blocks
  sqlite3_file_control(handle(), "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
  sqlite3_wal_hook(handle(), &Database::after_commit, this);
  statements_ = std::make_unique<Statements>(handle());
  if (!statements_->end_lease) return failure("prepare statements");
  return wake_active();
}

int Database::after_commit(void* self, sqlite3*, const char*, int pages) {
  static_cast<Database*>(self)->log_pages_ = pages;
  return SQLITE_OK;
}

Failure Database::failure(std::string_view what) const {
  Error error = file_.failure(what).value();
  if (error.kind == Errc::invalid) error.kind = Errc::io;
  if (error.kind != Errc::exists) error.sys = sqlite3_errcode(handle()) & 0xff;
  return fail(std::move(error));
}

Result<void> Database::execute(const std::string& sql) {
  if (file_.execute(sql, "")) return {};
  return failure("set up");
}

// What was active is due; but what a predecessor's agents still have in hand stays theirs.
Result<void> Database::wake_active() {
  return execute(
      "UPDATE message SET due = 0 WHERE due IS NULL AND held = 0 AND id NOT IN (SELECT message FROM lease);"
      "UPDATE message SET due = 0 WHERE due IS NULL AND held = 1 AND id NOT IN (SELECT message FROM lease);");
}

Result<void> Database::begin(Sync sync) {
  room_ = -1;
  if (sync != synchronous_) {
    auto set = execute(sync == Sync::durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    if (!set) return set;
    synchronous_ = sync;
  }
  if (statements_->begin.run() != SQLITE_DONE) return failure("begin a transaction");
  return {};
}

Result<void> Database::commit() {
  if (statements_->commit.run() == SQLITE_DONE) return {};
  const auto problem = failure("write to the queue");
  rollback();
  return problem;
}

void Database::rollback() { file_.roll_back(); }

bool Database::in_transaction() const { return file_.in_transaction(); }

Result<void> Database::sync() {
  auto begun = begin(Sync::durable);
  if (!begun) return begun;
  // A transaction that writes nothing is not synced: this one writes a page.
  auto touched = execute(concat("PRAGMA user_version = ", kFormat));
  if (!touched) {
    rollback();
    return touched;
  }
  return commit();
}

Result<void> Database::check_room(std::int64_t size, std::int64_t reserve) {
  if (room_ < 0) room_ = free_bytes(file_.path());
  // A page is written to the log first and to the database later.
  if (room_ < 2 * size + reserve) {
    return fail(Errc::full, concat("write to the queue: only ", room_, " bytes are free"));
  }
  room_ -= 2 * size;
  return {};
}

void Database::widen_log(int pages) {
  constexpr std::int64_t kFrame = 4096 + 24;
  constexpr std::int64_t kShare = 16;  // of the free bytes
  const std::int64_t wanted = pages * kFrame + pages * kFrame / 8;
  if (free_bytes(file_.path()) / kShare < wanted) return;
  auto log = open_file(file_.path() + "-wal", O_WRONLY);
  struct stat status {};
  if (!log || ::fstat(log->get(), &status) != 0 || ::lseek(log->get(), 0, SEEK_END) < 0) return;
  // Zeros behind the last frame are no frames: SQLite stops at them.
  const std::string zeros(256 * 1024, '\0');
  for (std::int64_t size = status.st_size; size < wanted; size += static_cast<std::int64_t>(zeros.size())) {
    if (!write_all(log->get(), zeros, "the log of the queue database")) return;
  }
  ::fdatasync(log->get());
}

void Database::checkpoint(int pages) {
  if (log_pages_ < pages) return;
  if (sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) == SQLITE_OK)
    log_pages_ = 0;
}

}  // namespace postern::queue
