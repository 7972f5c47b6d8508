// The queue database: every message and recipient without a final result. See docs/formats/queue.md for the
// tables and for the states of a message. One thread uses a Database.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/queue/message.h"

namespace postern::queue {

// What became of a message: one statement of the crash rules, applied in one transaction.
struct Change {
  std::int64_t message = 0;
  bool finished = false;              // every recipient has a final result: the message goes
  std::vector<std::int64_t> settled;  // recipients with a final result
  std::vector<Recipient> remaining;   // new state and reason of others
  std::int64_t due = 0;               // wall microseconds of the next attempt; 0: the message stays active
  int attempts = 0;
  bool durable = false;  // on the disk before it is reported: what the queue leans on goes next
};

class Statement;

class Database {
 public:
  // Opens the file, or creates it with mode 0600. What was active when the last process ended becomes due at
  // once.
  // Waits for a predecessor that is just ending, as long as told.
  static Result<std::unique_ptr<Database>> open(const std::string& path, milliseconds patience = seconds(10));
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Error::sys is the SQLite code of an error that spoils the transaction.

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

  // Messages that are due, the earliest first, at most `limit`; they become active. Without their content.
  Result<std::vector<MessagePtr>> take_due(std::int64_t now, std::size_t limit);
  // The earliest time at which a message is due, or 0.
  Result<std::int64_t> next_due();
  Result<std::string> content(std::int64_t message);
  Result<std::int64_t> count();
  // The messages whose content goes on in a spool file.
  Result<std::vector<std::int64_t>> spooled();

  // Gives the write-ahead log room for so many pages before it is needed: a commit into blocks that the file has
  // already takes the disk far less. Not when the disk is short of room.
  void widen_log(int pages);
  // Moves committed pages from the write-ahead log into the database when `pages` of them have gathered.
  void checkpoint(int pages);

  // For statements of others (listing.h).
  sqlite3* handle() const { return handle_; }

 private:
  Database(sqlite3* handle, std::string path);
  Result<void> prepare(milliseconds patience);
  Result<void> execute(const char* sql);
  Result<void> insert_recipient(std::int64_t message, const Recipient& recipient);
  Result<std::vector<Recipient>> recipients(std::int64_t message);
  Failure failure(std::string_view what);
  static int after_commit(void* self, sqlite3*, const char*, int pages);

  sqlite3* handle_;
  std::string path_;
  struct Statements;
  std::unique_ptr<Statements> statements_;
  Sync synchronous_ = Sync::durable;
  int log_pages_ = 0;
  std::int64_t room_ = -1;  // free bytes as this transaction found them; -1: not asked yet
};

}  // namespace postern::queue
