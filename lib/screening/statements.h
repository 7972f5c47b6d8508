// The prepared statements of a Database: for its own files only.
#pragma once

#include "lib/base/statement.h"
#include "lib/screening/database.h"

namespace postern::screening {

struct Database::Statements {
  explicit Statements(sqlite3* handle) : db(handle) {}
  // Each could be prepared: the tables are as they should be.
  bool whole() const {
    for (const Statement* statement :
         {&begin_view, &end_view, &find, &record, &add_name, &add_number, &add_network, &keep_worst,
          &set_state, &state, &page, &drop, &drop_numbers, &drop_networks}) {
      if (!*statement) return false;
    }
    return true;
  }

  sqlite3* db;
  Statement begin_view{db, "BEGIN"};
  Statement end_view{db, "COMMIT"};
  Statement find{
      db, "SELECT pregreet, dnsbl, pipelining, non_smtp_command, bare_newline FROM pass WHERE client = ?"};
  Statement record{db,
                   "INSERT INTO pass VALUES (?,?,?,?,?,?) ON CONFLICT (client) DO UPDATE SET "
                   "pregreet = max(pregreet, excluded.pregreet), dnsbl = max(dnsbl, excluded.dnsbl), "
                   "pipelining = max(pipelining, excluded.pipelining), "
                   "non_smtp_command = max(non_smtp_command, excluded.non_smtp_command), "
                   "bare_newline = max(bare_newline, excluded.bare_newline)"};

  Statement add_name{db, "INSERT OR IGNORE INTO name (name) VALUES (?)"};
  Statement add_number{db,
                       "INSERT INTO number SELECT ?1, id, ?3 FROM name WHERE name = ?2 "
                       "ON CONFLICT (hour, name) DO UPDATE SET value = value + excluded.value"};
  Statement add_network{db,
                        "INSERT INTO network VALUES (?,?,?,?) ON CONFLICT (hour, network) DO UPDATE SET "
                        "connections = connections + excluded.connections, "
                        "offences = offences + excluded.offences"};
  Statement keep_worst{
      db,
      "DELETE FROM network WHERE hour = ?1 AND network IN (SELECT network FROM network "
      "WHERE hour = ?1 ORDER BY offences DESC, connections DESC, network LIMIT -1 OFFSET ?2)"};

  // database_cleanup.cpp
  Statement set_state{db, "INSERT OR REPLACE INTO state VALUES (?,?)"};
  Statement state{db, "SELECT value FROM state WHERE name = ?"};
  Statement page{db,
                 "SELECT client, max(pregreet, dnsbl, pipelining, non_smtp_command, bare_newline) FROM pass "
                 "WHERE client > ? ORDER BY client LIMIT ?"};
  Statement drop{db,
                 "DELETE FROM pass WHERE client = ? AND "
                 "max(pregreet, dnsbl, pipelining, non_smtp_command, bare_newline) < ?"};
  Statement drop_numbers{db, "DELETE FROM number WHERE hour < ?"};
  Statement drop_networks{db, "DELETE FROM network WHERE hour < ?"};
};

}  // namespace postern::screening
