#include "lib/queue/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <limits>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/queue/statement.h"

namespace postern::queue {

namespace {

constexpr int kFormat = 2;

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

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY,
  arrived INTEGER NOT NULL,
  size INTEGER NOT NULL,
  due INTEGER,
  attempts INTEGER NOT NULL,
  spooled INTEGER NOT NULL,
  smtputf8 INTEGER NOT NULL,
  sender TEXT NOT NULL,
  body_type TEXT NOT NULL,
  envid TEXT NOT NULL,
  ret TEXT NOT NULL,
  held INTEGER NOT NULL,
  forced_expire INTEGER NOT NULL,
  warned INTEGER NOT NULL,
  source INTEGER NOT NULL,
  purpose INTEGER NOT NULL,
  filter TEXT NOT NULL,
  message_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  client_name TEXT NOT NULL,
  client_address TEXT NOT NULL,
  client_port INTEGER NOT NULL,
  helo TEXT NOT NULL,
  protocol TEXT NOT NULL,
  sasl_method TEXT NOT NULL,
  sasl_username TEXT NOT NULL,
  sasl_sender TEXT NOT NULL,
  content BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS recipient (
  message INTEGER NOT NULL,
  number INTEGER NOT NULL,
  state INTEGER NOT NULL,
  address TEXT NOT NULL,
  original TEXT NOT NULL,
  notify TEXT NOT NULL,
  orcpt TEXT NOT NULL,
  dsn TEXT NOT NULL,
  reason TEXT NOT NULL,
  transport TEXT NOT NULL,
  nexthop TEXT NOT NULL,
  remote_mta TEXT NOT NULL,
  diagnostic TEXT NOT NULL,
  arrival INTEGER NOT NULL,
  PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_due ON message (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_spooled ON message (id) WHERE spooled = 1;
UPDATE message SET due = 0 WHERE due IS NULL;
)";

// Without an answer there is room enough: the write itself will tell.
std::int64_t free_bytes(const std::string& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
}

}  // namespace

struct Database::Statements {
  explicit Statements(sqlite3* handle) : db(handle) {}
  sqlite3* db;
  Statement begin{db, "BEGIN IMMEDIATE"};
  Statement commit{db, "COMMIT"};
  Statement insert{
      db, "INSERT INTO message VALUES (?,?,?,nullif(?,0),?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
  Statement insert_recipient{db, "INSERT INTO recipient VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
  Statement remove{db, "DELETE FROM message WHERE id = ?"};
  Statement remove_recipients{db, "DELETE FROM recipient WHERE message = ?"};
  Statement settle{db, "DELETE FROM recipient WHERE message = ? AND number = ?"};
  Statement remain{
      db,
      "UPDATE recipient SET state = ?, dsn = ?, reason = ?, transport = ?, nexthop = ?, remote_mta = ?, "
      "diagnostic = ?, arrival = ? WHERE message = ? AND number = ?"};
  Statement defer{db, "UPDATE message SET due = ?, attempts = ? WHERE id = ?"};
  Statement due{db,
                "SELECT id, arrived, size, attempts, spooled, smtputf8, sender, body_type, envid, ret, held, "
                "forced_expire, warned, source, purpose, filter, message_id, subject, client_name, "
                "client_address, client_port, "
                "helo, protocol, sasl_method, sasl_username, sasl_sender FROM message "
                "WHERE due <= ? ORDER BY due LIMIT ?"};
  Statement take{db, "UPDATE message SET due = NULL WHERE id = ?"};
  Statement recipients{db,
                       "SELECT number, state, address, original, notify, orcpt, dsn, reason, transport, "
                       "nexthop, remote_mta, diagnostic, arrival FROM recipient "
                       "WHERE message = ? ORDER BY number"};
  Statement next_due{db, "SELECT min(due) FROM message WHERE due IS NOT NULL"};
  Statement content{db, "SELECT content FROM message WHERE id = ?"};
  Statement count{db, "SELECT count(*) FROM message"};
  Statement spooled{db, "SELECT id FROM message WHERE spooled = 1"};
};

Database::Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

Database::~Database() {
  statements_.reset();
  sqlite3_close(handle_);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, milliseconds patience) {
  const mode_t old = ::umask(077);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  ::umask(old);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return database->failure(concat("open queue database ", path));
  auto prepared = database->prepare(patience);
  if (!prepared) return fail(Error{prepared.error().kind, concat(path, ": ", prepared.error().text), 0});
  return database;
}

Result<void> Database::prepare(milliseconds patience) {
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, static_cast<int>(patience.count()));
  auto opened = execute(kOpening);
  if (!opened) return opened;
  Statement version(handle_, "PRAGMA user_version");
  const bool known = version.step() == SQLITE_ROW && (version.number(0) == 0 || version.number(0) == kFormat);
  version.reset();
  if (!known) return fail(Errc::invalid, "the queue database is of another version, or no queue database");
  auto made = execute(kTables);
  if (!made) return made;
  auto stamped = execute(concat("PRAGMA user_version = ", kFormat).c_str());
  if (!stamped) return stamped;
  int keep = 1;  // the log keeps its size: commits into it need no new blocks
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
  sqlite3_wal_hook(handle_, &Database::after_commit, this);
  statements_ = std::make_unique<Statements>(handle_);
  if (!statements_->spooled) return failure("prepare statements");
  return {};
}

int Database::after_commit(void* self, sqlite3*, const char*, int pages) {
  static_cast<Database*>(self)->log_pages_ = pages;
  return SQLITE_OK;
}

Failure Database::failure(std::string_view what) {
  const int code = sqlite3_errcode(handle_) & 0xff;
  const auto kind = code == SQLITE_FULL ? Errc::full : code == SQLITE_CONSTRAINT ? Errc::exists : Errc::io;
  return fail(Error{kind, concat(what, ": ", sqlite3_errmsg(handle_)), kind == Errc::exists ? 0 : code});
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure("queue database");
  return {};
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

void Database::rollback() {
  if (in_transaction()) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<void> Database::sync() {
  auto begun = begin(Sync::durable);
  if (!begun) return begun;
  // A transaction that writes nothing is not synced: this one writes a page.
  auto touched = execute(concat("PRAGMA user_version = ", kFormat).c_str());
  if (!touched) {
    rollback();
    return touched;
  }
  return commit();
}

Result<void> Database::check_room(std::int64_t size, std::int64_t reserve) {
  if (room_ < 0) room_ = free_bytes(path_);
  // A page is written to the log first and to the database later.
  if (room_ < 2 * size + reserve) {
    return fail(Errc::full, concat("write to the queue: only ", room_, " bytes are free"));
  }
  room_ -= 2 * size;
  return {};
}

Result<void> Database::insert(const Message& m) {
  Statement& insert = statements_->insert;
  insert.with(m.id, m.arrived, m.size, m.due, m.attempts, m.spooled, m.smtputf8, m.sender, m.body_type,
              m.envid, m.ret, m.held, m.forced_expire, m.warned, m.source, m.purpose, m.filter, m.message_id,
              m.subject, m.client.name, m.client.address, m.client.port, m.client.helo, m.client.protocol,
              m.client.sasl_method, m.client.sasl_username, m.client.sasl_sender);
  insert.blob(28, m.content);
  if (insert.run() != SQLITE_DONE) return failure("insert a message");
  for (const Recipient& recipient : m.recipients) {
    auto inserted = insert_recipient(m.id, recipient);
    if (!inserted) return inserted;
  }
  return {};
}

Result<void> Database::insert_recipient(std::int64_t message, const Recipient& r) {
  Statement& insert = statements_->insert_recipient;
  insert.with(message, r.number, static_cast<int>(r.state), r.address, r.original, r.notify, r.orcpt, r.dsn,
              r.reason, r.transport, r.nexthop, r.remote_mta, r.diagnostic, r.arrival);
  if (insert.run() != SQLITE_DONE) return failure("insert a recipient");
  return {};
}

Result<void> Database::apply(const Change& change) {
  Statements& s = *statements_;
  if (change.finished) {
    if (s.remove_recipients.with(change.message).run() != SQLITE_DONE) return failure("remove recipients");
    if (s.remove.with(change.message).run() != SQLITE_DONE) return failure("remove a message");
    return {};
  }
  for (const std::int64_t number : change.settled) {
    if (s.settle.with(change.message, number).run() != SQLITE_DONE) return failure("remove a recipient");
  }
  for (const Recipient& r : change.remaining) {
    s.remain.with(static_cast<int>(r.state), r.dsn, r.reason, r.transport, r.nexthop, r.remote_mta,
                  r.diagnostic, r.arrival, change.message, r.number);
    if (s.remain.run() != SQLITE_DONE) return failure("update a recipient");
  }
  if (change.due != 0 && s.defer.with(change.due, change.attempts, change.message).run() != SQLITE_DONE) {
    return failure("defer a message");
  }
  return {};
}

Result<std::vector<Recipient>> Database::recipients(std::int64_t message) {
  Statement& query = statements_->recipients;
  query.with(message);
  std::vector<Recipient> all;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) {
    Recipient& r = all.emplace_back();
    r.number = query.number(0);
    r.state = static_cast<RecipientState>(query.number(1));
    r.address = query.text(2);
    r.original = query.text(3);
    r.notify = query.text(4);
    r.orcpt = query.text(5);
    r.dsn = query.text(6);
    r.reason = query.text(7);
    r.transport = query.text(8);
    r.nexthop = query.text(9);
    r.remote_mta = query.text(10);
    r.diagnostic = query.text(11);
    r.arrival = static_cast<int>(query.number(12));
  }
  query.reset();
  if (code != SQLITE_DONE) return failure("read recipients");
  return all;
}

Result<std::vector<MessagePtr>> Database::take_due(std::int64_t now, std::size_t limit) {
  Statement& query = statements_->due;
  query.with(now, static_cast<std::int64_t>(limit));
  std::vector<MessagePtr> messages;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) {
    auto m = std::make_shared<Message>();
    m->id = query.number(0);
    m->arrived = query.number(1);
    m->size = query.number(2);
    m->attempts = static_cast<int>(query.number(3));
    m->spooled = query.number(4) != 0;
    m->smtputf8 = query.number(5) != 0;
    m->sender = query.text(6);
    m->body_type = query.text(7);
    m->envid = query.text(8);
    m->ret = query.text(9);
    m->held = query.number(10) != 0;
    m->forced_expire = query.number(11) != 0;
    m->warned = query.number(12) != 0;
    m->source = static_cast<int>(query.number(13));
    m->purpose = static_cast<int>(query.number(14));
    m->filter = query.text(15);
    m->message_id = query.text(16);
    m->subject = query.text(17);
    m->client.name = query.text(18);
    m->client.address = query.text(19);
    m->client.port = query.number(20);
    m->client.helo = query.text(21);
    m->client.protocol = query.text(22);
    m->client.sasl_method = query.text(23);
    m->client.sasl_username = query.text(24);
    m->client.sasl_sender = query.text(25);
    m->has_content = false;
    messages.push_back(std::move(m));
  }
  query.reset();
  if (code != SQLITE_DONE) return failure("read due messages");
  for (const MessagePtr& m : messages) {
    auto read = recipients(m->id);
    if (!read) return fail(read.error());
    m->recipients = std::move(*read);
    if (statements_->take.with(m->id).run() != SQLITE_DONE) return failure("take up a message");
  }
  return messages;
}

Result<std::int64_t> Database::next_due() {
  Statement& query = statements_->next_due;
  const int code = query.step();
  const std::int64_t due = code == SQLITE_ROW ? query.number(0) : 0;
  query.reset();
  if (code != SQLITE_ROW) return failure("read the next due time");
  return due;
}

Result<std::string> Database::content(std::int64_t message) {
  Statement& query = statements_->content;
  const int code = query.with(message).step();
  std::string bytes = code == SQLITE_ROW ? query.text(0) : std::string();
  query.reset();
  if (code == SQLITE_DONE) return fail(Errc::not_found, "the message is not in the queue");
  if (code != SQLITE_ROW) return failure("read content");
  return bytes;
}

Result<std::int64_t> Database::count() {
  Statement& query = statements_->count;
  const int code = query.step();
  const std::int64_t number = query.number(0);
  query.reset();
  if (code != SQLITE_ROW) return failure("count messages");
  return number;
}

Result<std::vector<std::int64_t>> Database::spooled() {
  Statement& query = statements_->spooled;
  std::vector<std::int64_t> ids;
  int code = 0;
  while ((code = query.step()) == SQLITE_ROW) ids.push_back(query.number(0));
  query.reset();
  if (code != SQLITE_DONE) return failure("read spooled messages");
  return ids;
}

void Database::widen_log(int pages) {
  constexpr std::int64_t kFrame = 4096 + 24;
  constexpr std::int64_t kShare = 16;  // of the free bytes
  const std::int64_t wanted = pages * kFrame + pages * kFrame / 8;
  if (free_bytes(path_) / kShare < wanted) return;
  auto log = open_file(path_ + "-wal", O_WRONLY);
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
  if (sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) == SQLITE_OK)
    log_pages_ = 0;
}

}  // namespace postern::queue
