// Makes and changes the files of hash:, btree: and lmdb: tables.
#pragma once

#include <string>

#include "commands/postmap/options.h"
#include "lib/base/result.h"

namespace postern::postmap {

// Builds a table from its text, or with -i adds what standard input says. A reader sees the old table or the new one,
// never a part. Fails with invalid (a type of table that is not built), or as reading and writing do.
Result<void> build(const Options& options, const std::string& table);

// Removes a key, or with "-" all that standard input names. False: none of them was there. Fails as build().
Result<bool> remove(const Options& options, const std::string& table);

}  // namespace postern::postmap
