#include "lib/screening/database.h"

#include <sys/stat.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/screening/statements.h"

namespace postern::screening {

namespace {

// Of files of this kind: "PScr".
constexpr std::int64_t kApplication = 0x50536372;
constexpr std::int64_t kFormat = 1;

constexpr const char* kOpening = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA journal_size_limit = 4194304;
PRAGMA temp_store = MEMORY;
)";

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS pass (
  client TEXT PRIMARY KEY,
  pregreet INTEGER NOT NULL,
  dnsbl INTEGER NOT NULL,
  pipelining INTEGER NOT NULL,
  non_smtp_command INTEGER NOT NULL,
  bare_newline INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS number (
  hour INTEGER NOT NULL,
  name INTEGER NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (hour, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS network (
  hour INTEGER NOT NULL,
  network TEXT NOT NULL,
  connections INTEGER NOT NULL,
  offences INTEGER NOT NULL,
  PRIMARY KEY (hour, network)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS statistics AS
  SELECT datetime(hour * 3600, 'unixepoch') AS hour, name.name AS name, value
  FROM number JOIN name ON number.name = name.id;
)";

Errc kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: return Errc::invalid;  // a table that is not there, or is another
    case SQLITE_FULL: return Errc::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::busy;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN: return Errc::denied;
    default: return Errc::io;
  }
}

Result<std::int64_t> ask(sqlite3* handle, const char* sql, const Database& database) {
  Statement statement(handle, sql);
  if (!statement || statement.step() != SQLITE_ROW) return database.failure("look at the file");
  return statement.number(0);
}

}  // namespace

void merge(Passes& into, const Passes& other) {
  for (std::size_t i = 0; i < kTests; ++i) into.until[i] = std::max(into.until[i], other.until[i]);
}

std::int64_t last_of(const Passes& passes) {
  return *std::max_element(passes.until.begin(), passes.until.end());
}

Database::Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

Database::~Database() {
  statements_.reset();
  sqlite3_close(handle_);
}

Failure Database::failure(std::string_view what) const {
  const int code = sqlite3_errcode(handle_);
  return fail(Error{kind_of(code), concat(path_, ": ", what, ": ", sqlite3_errmsg(handle_)), 0});
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure("set up");
  return {};
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access,
                                                 milliseconds patience) {
  const int flags =
      access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* handle = nullptr;
  const mode_t old = ::umask(077);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  ::umask(old);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return database->failure("open");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(patience.count()));
  auto ready = database->prepare(access);
  if (!ready) return fail(ready.error());
  return database;
}

Result<void> Database::prepare(Access access) {
  auto ready = check_format();
  if (ready && access == Access::write) {
    ready = execute(kOpening);
    if (ready) ready = make_tables();
  }
  return ready ? prepare_statements() : ready;
}

// Before anything is changed: a file of something else stays as it is.
Result<void> Database::check_format() {
  const auto application = ask(handle_, "PRAGMA application_id", *this);
  const auto format = ask(handle_, "PRAGMA user_version", *this);
  const auto tables = ask(handle_, "SELECT count(*) FROM sqlite_schema", *this);
  for (const auto* answer : {&application, &format, &tables}) {
    if (!*answer) return fail(answer->error());
  }
  if (*application == 0 && *format == 0 && *tables == 0) return {};  // new
  if (*application != kApplication) return fail(Errc::invalid, concat(path_, ": a file of something else"));
  if (*format == kFormat) return {};
  return fail(Errc::invalid, concat(path_, ": a file of another version: ", *format));
}

Result<void> Database::make_tables() {
  return in_transaction([this] {
    auto made = execute(kTables);
    if (made) made = execute(concat("PRAGMA application_id = ", kApplication).c_str());
    return made ? execute(concat("PRAGMA user_version = ", kFormat).c_str()) : made;
  });
}

Result<void> Database::prepare_statements() {
  statements_ = std::make_unique<Statements>(handle_);
  if (statements_->whole()) return {};
  return fail(Errc::invalid, concat(path_, ": its tables are not those of this version"));
}

Result<std::optional<Passes>> Database::find(std::string_view client) {
  if (!viewing_) {
    if (statements_->begin_view.run() != SQLITE_DONE) return failure("read");
    viewing_ = true;
  }
  Statement& find = statements_->find;
  const int code = find.with(client).step();
  std::optional<Passes> found;
  if (code == SQLITE_ROW) {
    found.emplace();
    for (std::size_t i = 0; i < kTests; ++i) found->until[i] = find.number(static_cast<int>(i));
  }
  find.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return failure("read");
  return found;
}

void Database::end_view() {
  if (!viewing_) return;
  statements_->end_view.run();
  viewing_ = false;
}

Result<void> Database::store(const Batch& batch) {
  return in_transaction([this, &batch] {
    auto written = write_passes(batch);
    if (written) written = write_numbers(batch);
    return written ? write_networks(batch) : written;
  });
}

Result<void> Database::write_passes(const Batch& batch) {
  for (const auto& [client, passes] : batch.passes) {
    const auto& t = passes.until;
    if (statements_->record.with(std::string_view(client), t[0], t[1], t[2], t[3], t[4]).run() != SQLITE_DONE)
      return failure("write");
  }
  return {};
}

Result<void> Database::add_number(std::int64_t hour, std::string_view name, std::int64_t n) {
  if (n == 0) return {};
  const bool written = statements_->add_name.with(name).run() == SQLITE_DONE &&
                       statements_->add_number.with(hour, name, n).run() == SQLITE_DONE;
  return written ? Result<void>() : failure("write");
}

Result<void> Database::write_numbers(const Batch& batch) {
  for (std::size_t i = 0; i < kCounts; ++i) {
    const auto count = static_cast<Count>(i);
    auto written = add_number(batch.hour, name_of(count).name, batch.tally.of(count));
    if (!written) return written;
  }
  for (const auto& [list, n] : batch.tally.lists()) {
    auto written = add_number(batch.hour, concat(kListPrefix, list), n);
    if (!written) return written;
  }
  return {};
}

// Of the hours before only the worst networks stay, of this one a bounded number.
Result<void> Database::write_networks(const Batch& batch) {
  const auto& networks = batch.tally.networks();
  if (networks.empty()) return {};
  for (const auto& [network, visits] : networks) {
    const int code = statements_->add_network
                         .with(batch.hour, std::string_view(network), visits.connections, visits.offences)
                         .run();
    if (code != SQLITE_DONE) return failure("write");
  }
  constexpr std::int64_t kMost = 2 * static_cast<std::int64_t>(Tally::kNetworks);
  const bool kept =
      statements_->keep_worst.with(batch.hour, kMost).run() == SQLITE_DONE &&
      statements_->keep_worst.with(batch.hour - 1, std::int64_t{kNetworksOfHour}).run() == SQLITE_DONE;
  return kept ? Result<void>() : failure("write");
}

Result<void> Database::begin_anew() {
  end_view();
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_RESET_DATABASE, 1, 0);
  auto emptied = execute("VACUUM");
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_RESET_DATABASE, 0, 0);
  if (emptied) emptied = execute(kOpening);
  if (emptied) emptied = make_tables();
  return emptied ? prepare_statements() : emptied;
}

void Database::checkpoint() {
  sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

}  // namespace postern::screening
