#include "lib/screening/database.h"

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

}  // namespace

void merge(Passes& into, const Passes& other) {
  for (std::size_t i = 0; i < kTests; ++i) into.until[i] = std::max(into.until[i], other.until[i]);
}

std::int64_t last_of(const Passes& passes) {
  return *std::max_element(passes.until.begin(), passes.until.end());
}

Database::Database(SqliteFile file) : file_(std::move(file)) {}

Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access,
                                                 milliseconds patience) {
  auto file = SqliteFile::open(path, access, patience);
  if (!file) return fail(file.error());
  std::unique_ptr<Database> database(new Database(std::move(*file)));
  auto ready = database->prepare(access);
  if (!ready) return fail(ready.error());
  return database;
}

Result<void> Database::prepare(Access access) {
  auto ready = file_.check_format(kApplication, kFormat);
  if (ready && access == Access::make) ready = make_tables();
  return ready ? prepare_statements() : ready;
}

Result<void> Database::make_tables() {
  auto made = file_.execute(kOpening, "set up");
  if (!made) return made;
  return file_.transact([this] {
    auto done = file_.execute(kTables, "set up");
    return done ? file_.set_format(kApplication, kFormat) : done;
  });
}

Result<void> Database::prepare_statements() {
  statements_ = std::make_unique<Statements>(file_.handle());
  if (statements_->whole()) return {};
  return fail(Errc::invalid, concat(file_.path(), ": its tables are not those of this version"));
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
  return file_.transact([this, &batch] {
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
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_RESET_DATABASE, 1, 0);
  auto emptied = file_.execute("VACUUM", "set up");
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_RESET_DATABASE, 0, 0);
  if (emptied) emptied = make_tables();
  return emptied ? prepare_statements() : emptied;
}

void Database::checkpoint() {
  sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

}  // namespace postern::screening
