// LMDB files that hold a table: what postmap writes and hash:, btree: and lmdb: tables read.
#pragma once

#include <lmdb.h>

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/table/table.h"

namespace postern::table {

// What a file is, by its first bytes.
enum class FileKind { lmdb, berkeley_db, other };
Result<FileKind> kind_of_file(const std::string& path);

// A file, opened to be read. It is mapped, and nothing but the mapping is needed afterwards, in a jail or not. Writers
// replace the file (write_lmdb and rename); one that changes it in place is seen too.
class LmdbFile {
 public:
  // Fails with not_found, denied, invalid (not an LMDB file, or cut short) or io.
  static Result<std::unique_ptr<LmdbFile>> open(const std::string& path);
  ~LmdbFile();
  LmdbFile(const LmdbFile&) = delete;
  LmdbFile& operator=(const LmdbFile&) = delete;

  // The value of exactly this key. Fails with io.
  Found find(std::string_view key) const;
  Result<Records> all() const;
  int fd() const;

 private:
  LmdbFile() = default;
  Result<void> begin(const std::string& path);
  Result<MDB_txn*> renew() const;
  Result<bool> find_once(std::string_view key, std::string& value) const;

  std::string path_;
  MDB_env* env_ = nullptr;
  MDB_txn* txn_ = nullptr;  // between two lookups: reset
  MDB_dbi dbi_ = 0;
  bool nul_ = false;  // keys and values end with a NUL, as Postfix writes them
};

// The longest key that fits.
inline constexpr std::size_t kLongestKey = 511;

// Writes a new file with these pairs, in any order, no key twice, none empty or longer than kLongestKey; it is on the
// disk when this returns. Fails with exists, denied, full, io.
Result<void> write_lmdb(const std::string& path, Records records, unsigned mode);

}  // namespace postern::table
