// The prepared statements of a Database: for its own files only.
#pragma once

#include "lib/base/statement.h"
#include "lib/base/text.h"
#include "lib/queue/database.h"
#include "lib/queue/rows.h"

namespace postern::queue {

struct Database::Statements {
  explicit Statements(sqlite3* handle) : db(handle) {}
  sqlite3* db;
  Statement begin{db, "BEGIN IMMEDIATE"};
  Statement commit{db, "COMMIT"};

  // messages.cpp
  Statement insert{
      db, "INSERT INTO message VALUES (?,?,?,nullif(?,0),?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
  Statement insert_recipient{db, "INSERT INTO recipient VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
  Statement remove{db, "DELETE FROM message WHERE id = ?"};
  Statement remove_recipients{db, "DELETE FROM recipient WHERE message = ?"};
  Statement done{db, "DELETE FROM recipient WHERE message = ? AND number = ?"};
  Statement remain{
      db,
      "UPDATE recipient SET state = ?, dsn = ?, reason = ?, transport = ?, nexthop = ?, remote_mta = ?, "
      "diagnostic = ?, arrival = ? WHERE message = ? AND number = ?"};
  Statement defer{db, "UPDATE message SET due = ?, attempts = ?, warned = max(warned, ?) WHERE id = ?"};
  Statement warn{db, "UPDATE message SET warned = 1 WHERE id = ?"};
  Statement due{db,
                concat("SELECT ", kMessageColumns,
                       " FROM message WHERE due IS NOT NULL AND held = 0 AND due <= ? ORDER BY due LIMIT ?")
                    .c_str()};
  Statement from{
      db,
      concat("SELECT ", kMessageColumns,
             " FROM message WHERE id > ? AND id <= ? AND due IS NOT NULL AND held = 0 ORDER BY id LIMIT ?")
          .c_str()};
  Statement take{db, "UPDATE message SET due = NULL WHERE id = ?"};
  Statement recipients{db, concat("SELECT ", kRecipientColumns,
                                  " FROM recipient WHERE message = ? AND number > ? ORDER BY number LIMIT ?")
                               .c_str()};
  Statement in_state{db, concat("SELECT ", kRecipientColumns,
                                " FROM recipient WHERE message = ? AND state = ? ORDER BY number LIMIT ?")
                             .c_str()};
  Statement count_in_state{db, "SELECT count(*) FROM recipient WHERE message = ? AND state = ?"};
  Statement give_up{db,
                    "UPDATE recipient SET state = 1, reason = iif(dsn = '', 'message expired', reason), "
                    "dsn = iif(dsn = '', '4.4.7', dsn) WHERE message = ? AND state = 0 AND "
                    "(notify = '' OR instr(upper(notify), 'FAILURE') > 0)"};
  Statement give_up_silently{db, "DELETE FROM recipient WHERE message = ? AND state = 0"};
  Statement count_recipients{db, "SELECT count(*) FROM recipient WHERE message = ?"};
  Statement next_due{db, "SELECT min(due) FROM message WHERE due IS NOT NULL AND held = 0"};
  Statement content{db, "SELECT content FROM message WHERE id = ?"};
  // Of partial indexes, which are small: the rows themselves hold the content.
  Statement count{db,
                  "SELECT (SELECT count(*) FROM message WHERE due IS NOT NULL AND held = 0) + "
                  "(SELECT count(*) FROM message WHERE due IS NULL AND held = 0) + "
                  "(SELECT count(*) FROM message WHERE held = 1)"};
  Statement spooled{db, "SELECT id FROM message WHERE spooled = 1"};
  Statement last{db, "SELECT max(id) FROM message"};

  // changes.cpp
  Statement is_spooled{db, "SELECT spooled FROM message WHERE id = ?"};
  Statement hold{db, "UPDATE message SET held = 1 WHERE id = ? AND held = 0"};
  Statement release{db,
                    "UPDATE message SET held = 0, due = iif(due IS NULL, NULL, 0) WHERE id = ? AND held = 1"};
  Statement requeue{
      db, "UPDATE message SET held = 0, attempts = 0, due = iif(due IS NULL, NULL, 0) WHERE id = ?"};
  Statement expire{db, "UPDATE message SET forced_expire = 1, due = iif(due IS NULL, NULL, 0) WHERE id = ?"};
  Statement hurry{db, "UPDATE message SET due = iif(due IS NULL, NULL, 0) WHERE id = ? AND held = 0"};
  Statement site{
      db,
      "SELECT DISTINCT message FROM recipient WHERE transport <> '' AND "
      "lower(substr(address, instr(address, '@') + 1)) = ? AND message > ? ORDER BY message LIMIT ?"};
  Statement settle_told{db, "DELETE FROM recipient WHERE message = ? AND number = ? AND state = ?"};
  // A sender who wants to hear of success hears that the letter went on.
  Statement settle_expanded{
      db,
      "UPDATE recipient SET state = 3, arrival = 3, dsn = '2.0.0' "
      "WHERE message = ? AND number = ? AND state = 0 AND instr(upper(notify), 'SUCCESS') > 0"};
  Statement settle_forwarded{db, "DELETE FROM recipient WHERE message = ? AND number = ? AND state = 0"};
  Statement settle_delay{db, "UPDATE message SET warned = 1 WHERE id = ? AND warned = 0"};
  Statement wake_empty{db,
                       "UPDATE message SET due = 0 WHERE id = ?1 AND due IS NOT NULL AND "
                       "NOT EXISTS (SELECT 1 FROM recipient WHERE message = ?1)"};

  // leases.cpp
  Statement lease{db, "INSERT OR REPLACE INTO lease VALUES (?,?)"};
  Statement holders{db, "SELECT DISTINCT holder FROM lease"};
  Statement holder_of{db, "SELECT holder FROM lease WHERE message = ?"};
  Statement due_again{db,
                      "UPDATE message SET due = 0 WHERE due IS NULL AND "
                      "id IN (SELECT message FROM lease WHERE holder = ?)"};
  Statement end_leases{db, "DELETE FROM lease WHERE holder = ?"};

  // taken.cpp
  Statement note_taken{db, "INSERT INTO taken VALUES (?)"};
  Statement is_taken{db, "SELECT 1 FROM taken WHERE id = ?"};
  Statement forget_taken{db, "DELETE FROM taken WHERE id = ?"};

  Statement end_lease{db, "DELETE FROM lease WHERE message = ?"};
};

}  // namespace postern::queue
