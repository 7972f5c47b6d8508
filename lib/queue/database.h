// The queue database: every message and recipient without a final result. See docs/formats/queue.md for the
// tables and for the states of a message. One thread uses a Database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/sqlite_file.h"
#include "lib/base/time.h"
#include "lib/queue/change.h"
#include "lib/queue/message.h"

namespace postern {
class Statement;
}

namespace postern::queue {

class Database {
 public:
  static constexpr std::size_t kAllRecipients = 1u << 30;
  // Opens the file, or creates it with mode 0600. What was active when the last process ended becomes due at
  // once.
  // Waits for a predecessor that is just ending, as long as told.
  static Result<std::unique_ptr<Database>> open(const std::string& path, milliseconds patience = seconds(10));
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // All functions fail as SqliteFile::failure() says, but with io when the file is damaged: invalid is a question that is
  // wrong. Error::sys is the SQLite code of an error that spoils the transaction.

  // A transaction. Durable ones are on disk when commit() returns; others survive the end of the process, and
  // are on disk with the next durable one. Errors: full when there is no room, io otherwise; the transaction
  // is then undone.
  enum class Sync { durable, later };
  Result<void> begin(Sync sync);
  Result<void> commit();
  void rollback();
  // False after an error that ended the transaction by itself.
  bool in_transaction() const;
  // Makes everything durable that was committed with Sync::later.
  Result<void> sync();

  // Fails with full when the disk has less room than a message of `size` bytes and `reserve` bytes for what
  // must still be recorded about others.
  Result<void> check_room(std::int64_t size, std::int64_t reserve);
  // A new message with its recipients and content. Fails with exists when the queue id is taken.
  Result<void> insert(const Message& message);
  Result<void> apply(const Change& change);

  // Messages that are due, the earliest first, at most `limit`; they become active. Without their content, and each with
  // at most so many recipients, the first ones.
  Result<std::vector<MessagePtr>> take_due(std::int64_t now, std::size_t limit,
                                           std::size_t recipients = kAllRecipients);
  // The same for those that wait, due or not, with ids behind `after` and up to `last`, by id.
  Result<std::vector<MessagePtr>> take_from(std::int64_t after, std::int64_t last, std::size_t limit,
                                            std::size_t recipients = kAllRecipients);
  // The largest queue id, or 0.
  Result<std::int64_t> last();
  // Recipients of a message with numbers behind `after`, by number.
  Result<std::vector<Recipient>> recipients(std::int64_t message, std::int64_t after, std::size_t limit);
  // Those in one state.
  Result<std::vector<Recipient>> in_state(std::int64_t message, RecipientState state, std::size_t limit);
  Result<std::size_t> count_in_state(std::int64_t message, RecipientState state);
  // Those that wait have failed, or are done where NOTIFY does not want to hear of it.
  Result<void> give_up(std::int64_t message);
  // The earliest time at which a message is due, or 0.
  Result<std::int64_t> next_due();
  Result<std::string> content(std::int64_t message);
  Result<std::int64_t> count();
  // The messages whose content goes on in a spool file.
  Result<std::vector<std::int64_t>> spooled();

  // What commands do to one message (changes.cpp). False when there is none that this would change. One that is active
  // keeps its place: whoever has it in memory must hear of it.
  struct Removed {
    bool existed = false;
    bool spooled = false;
  };
  Result<Removed> remove(std::int64_t message);
  Result<bool> hold(std::int64_t message);
  Result<bool> release(std::int64_t message);
  // Released, and no attempt is remembered.
  Result<bool> requeue(std::int64_t message);
  // Given up at the next attempt, which is at once.
  Result<bool> expire(std::int64_t message);
  // Due at once.
  Result<bool> hurry(std::int64_t message);
  // Messages with recipients in this domain, in lower case, that were tried; behind `after`, by id.
  Result<std::vector<std::int64_t>> of_site(const std::string& site, std::int64_t after, std::size_t limit);
  // Submissions of this host (taken.cpp): insert() notes their queue ids, and fails with exists when one is noted already,
  // also when its message has left the queue since.
  Result<bool> is_taken(std::int64_t message);
  Result<void> forget_taken(const std::vector<std::int64_t>& messages);
  // False when nothing was left to settle.
  Result<bool> settle(const Settlement& settlement);

  // Leases (leases.cpp): these messages are in the hands of agents of another process, the holder. They stay active when
  // the database is opened again.
  Result<void> lease(const std::vector<std::int64_t>& messages, std::int64_t holder);
  Result<std::vector<std::int64_t>> holders();
  // The holder is no more: what it had is due at once.
  Result<bool> end_leases(std::int64_t holder);
  // It has reported one message, which stays active. False when it does not hold that.
  Result<bool> end_lease(std::int64_t message, std::int64_t holder);

  // Gives the write-ahead log room for so many pages before it is needed: a commit into blocks that the file has
  // already takes the disk far less. Not when the disk is short of room.
  void widen_log(int pages);
  // Moves committed pages from the write-ahead log into the database when `pages` of them have gathered.
  void checkpoint(int pages);

  // For statements of others (listing.h).
  sqlite3* handle() const { return file_.handle(); }
  Failure failure(std::string_view what) const;

 private:
  explicit Database(SqliteFile file);
  Result<void> prepare();
  Result<void> execute(const std::string& sql);
  Result<void> note_taken(std::int64_t message);
  Result<void> insert_recipient(std::int64_t message, const Recipient& recipient);
  // The first column of the one row, or of all rows.
  Result<std::int64_t> read_number(Statement& query, std::string_view what);
  Result<std::vector<std::int64_t>> read_numbers(Statement& query, std::string_view what);
  Result<std::vector<Recipient>> read_recipients(Statement& query);
  Result<std::vector<MessagePtr>> read_messages(Statement& query);
  Result<std::vector<MessagePtr>> take(Statement& query, std::size_t recipients);
  Result<void> take_up(Message& message, std::size_t most);
  Result<bool> run_change(Statement& statement, std::string_view what);
  Result<bool> settle_recipient(const Settlement& settlement, std::int64_t number);
  Result<void> wake_active();
  static int after_commit(void* self, sqlite3*, const char*, int pages);

  SqliteFile file_;
  struct Statements;
  std::unique_ptr<Statements> statements_;
  Sync synchronous_ = Sync::durable;
  int log_pages_ = 0;
  std::int64_t room_ = -1;  // free bytes as this transaction found them; -1: not asked yet
};

}  // namespace postern::queue
