// The tables of the queue database, and how those of an older format become them.
#pragma once

#include "lib/base/result.h"
#include "lib/base/sqlite_file.h"

namespace postern::queue {

inline constexpr int kFormat = 2;

// Makes the tables of a new database, or brings an older one up to kFormat, in one transaction. Fails with invalid when
// it is of a later format or no queue database, otherwise as SqliteFile::failure() says.
Result<void> make_tables(const SqliteFile& file);

}  // namespace postern::queue
