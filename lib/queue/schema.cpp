#include "lib/queue/schema.h"

#include <string>

#include "lib/base/text.h"

namespace postern::queue {

namespace {

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
CREATE TABLE IF NOT EXISTS lease (
  message INTEGER PRIMARY KEY,
  holder INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS taken (id INTEGER PRIMARY KEY) STRICT;
CREATE INDEX IF NOT EXISTS message_waiting ON message (due) WHERE due IS NOT NULL AND held = 0;
CREATE INDEX IF NOT EXISTS message_active ON message (id) WHERE due IS NULL AND held = 0;
CREATE INDEX IF NOT EXISTS message_held ON message (due) WHERE held = 1;
CREATE INDEX IF NOT EXISTS message_spooled ON message (id) WHERE spooled = 1;
CREATE INDEX IF NOT EXISTS recipient_site
  ON recipient (lower(substr(address, instr(address, '@') + 1)), message) WHERE transport <> '';
)";

// The first format knew neither who brought a message nor why, and less of each attempt.
constexpr const char* kFromFirst = R"(
DROP INDEX IF EXISTS message_due;
DROP INDEX IF EXISTS message_spooled;
ALTER TABLE message RENAME TO message_before;
ALTER TABLE recipient RENAME TO recipient_before;
)";
constexpr const char* kCopyFirst = R"(
INSERT INTO message
  SELECT id, arrived, size, due, attempts, spooled, smtputf8, sender, body_type, envid, ret, 0, 0, 0, 0, 0, '', '',
         '', '', '', 0, '', '', '', '', '', content
  FROM message_before;
INSERT INTO recipient
  SELECT message, number, state, address, original, notify, orcpt, dsn, reason, '', '', '', '', 0
  FROM recipient_before;
DROP TABLE message_before;
DROP TABLE recipient_before;
)";

}  // namespace

Result<void> make_tables(const SqliteFile& file) {
  const auto format = file.number("PRAGMA user_version");
  if (!format) return fail(format.error());
  if (*format == kFormat) return {};
  if (*format != 0 && *format != 1) {
    return fail(Errc::invalid,
                concat(file.path(), ": the queue database is of another version, or no queue database"));
  }
  const std::string steps = *format == 0 ? kTables : concat(kFromFirst, kTables, kCopyFirst);
  const std::string stamp = concat("PRAGMA user_version = ", kFormat);
  return file.transact([&] { return file.execute(concat(steps, stamp), "make the tables"); });
}

}  // namespace postern::queue
