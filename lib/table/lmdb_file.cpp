#include "lib/table/lmdb_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::table {

namespace {

constexpr std::uint32_t kLmdbMagic = 0xBEEFC0DE;                   // at byte 16
constexpr std::uint32_t kBerkeleyMagics[] = {0x061561, 0x053162};  // hash and btree, at byte 12
constexpr int kTries = 5;

Failure lmdb_failure(const std::string& path, int error) {
  if (error > 0) return fail_errno(concat("open database ", path), error);
  return fail(error == MDB_MAP_FULL ? Errc::full : Errc::io,
              concat("database ", path, ": ", ::mdb_strerror(error)));
}

MDB_val value_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data() == nullptr ? "" : text.data())};
}

std::string_view text_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

struct Environment {
  MDB_env* env = nullptr;
  ~Environment() {
    if (env != nullptr) ::mdb_env_close(env);
  }
};

int put_all(MDB_env* env, const Records& records) {
  MDB_txn* txn = nullptr;
  int error = ::mdb_txn_begin(env, nullptr, 0, &txn);
  if (error != 0) return error;
  MDB_dbi dbi = 0;
  error = ::mdb_dbi_open(txn, nullptr, 0, &dbi);
  for (auto record = records.begin(); error == 0 && record != records.end(); ++record) {
    MDB_val key = value_of(record->first), value = value_of(record->second);
    error = ::mdb_put(txn, dbi, &key, &value, MDB_APPEND);
  }
  if (error == 0) return ::mdb_txn_commit(txn);
  ::mdb_txn_abort(txn);
  return error;
}

int write_once(const std::string& path, const Records& records, std::size_t size, unsigned mode) {
  Environment file;
  int error = ::mdb_env_create(&file.env);
  if (error == 0) error = ::mdb_env_set_mapsize(file.env, size);
  if (error == 0) error = ::mdb_env_open(file.env, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS, mode);
  if (error == 0) error = put_all(file.env, records);
  if (error == 0) error = ::mdb_env_sync(file.env, 1);
  return error;
}

}  // namespace

Result<FileKind> kind_of_file(const std::string& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return fail(file.error());
  std::array<char, 20> head{};
  const ssize_t got = ::pread(file->get(), head.data(), head.size(), 0);
  if (got < 0) return fail_errno(concat("read ", path), errno);
  const auto number_at = [&](std::size_t place) {
    std::uint32_t number = 0;
    std::memcpy(&number, head.data() + place, sizeof number);
    return number;
  };
  if (got < static_cast<ssize_t>(head.size())) return FileKind::other;
  if (number_at(16) == kLmdbMagic) return FileKind::lmdb;
  const bool berkeley =
      std::any_of(std::begin(kBerkeleyMagics), std::end(kBerkeleyMagics), [&](std::uint32_t magic) {
        return number_at(12) == magic || number_at(12) == __builtin_bswap32(magic);
      });
  return berkeley ? FileKind::berkeley_db : FileKind::other;
}

Result<std::unique_ptr<LmdbFile>> LmdbFile::open(const std::string& path) {
  std::unique_ptr<LmdbFile> file(new LmdbFile);
  auto begun = file->begin(path);
  if (!begun) return fail(begun.error());
  return file;
}

LmdbFile::~LmdbFile() {
  if (txn_ != nullptr) ::mdb_txn_abort(txn_);
  if (env_ != nullptr) ::mdb_env_close(env_);
}

Result<void> LmdbFile::begin(const std::string& path) {
  path_ = path;
  int error = ::mdb_env_create(&env_);
  if (error == 0) {
    error = ::mdb_env_open(env_, path.c_str(),
                           MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD, 0);
  }
  if (error != 0) return lmdb_failure(path, error);
  // The library does not look whether the pages that it maps are there.
  MDB_envinfo info{};
  MDB_stat shape{};
  struct stat status {};
  ::mdb_env_info(env_, &info);
  ::mdb_env_stat(env_, &shape);
  if (::fstat(fd(), &status) != 0) return fail_errno(concat("stat ", path), errno);
  if (static_cast<std::size_t>(status.st_size) < (info.me_last_pgno + 1) * shape.ms_psize) {
    return fail(Errc::invalid, concat("database ", path, ": the file is cut short"));
  }
  error = ::mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn_);
  if (error == 0) error = ::mdb_dbi_open(txn_, nullptr, 0, &dbi_);
  if (error != 0) return lmdb_failure(path, error);
  MDB_cursor* cursor = nullptr;
  error = ::mdb_cursor_open(txn_, dbi_, &cursor);
  if (error != 0) return lmdb_failure(path, error);
  MDB_val key{}, value{};
  const bool any = ::mdb_cursor_get(cursor, &key, &value, MDB_FIRST) == 0;
  nul_ = any && key.mv_size > 1 && text_of(key).back() == '\0';
  ::mdb_cursor_close(cursor);
  ::mdb_txn_reset(txn_);
  return {};
}

int LmdbFile::fd() const {
  int number = -1;
  ::mdb_env_get_fd(env_, &number);
  return number;
}

Result<MDB_txn*> LmdbFile::renew() const {
  int error = ::mdb_txn_renew(txn_);
  if (error == MDB_MAP_RESIZED) {
    error = ::mdb_env_set_mapsize(env_, 0);
    if (error == 0) error = ::mdb_txn_renew(txn_);
  }
  if (error != 0) return lmdb_failure(path_, error);
  return txn_;
}

// False when somebody wrote so much meanwhile that what was read may be of no version at all.
Result<bool> LmdbFile::find_once(std::string_view key, std::string& value) const {
  auto txn = renew();
  if (!txn) return fail(txn.error());
  MDB_val wanted = value_of(key), found{};
  const int error = ::mdb_get(*txn, dbi_, &wanted, &found);
  if (error == 0) value = text_of(found);
  MDB_envinfo info{};
  ::mdb_env_info(env_, &info);
  const bool settled = info.me_last_txnid <= ::mdb_txn_id(*txn) + 1;
  ::mdb_txn_reset(*txn);
  if (!settled) return false;
  if (error == MDB_NOTFOUND) return fail(Errc::not_found, "");
  if (error != 0) return lmdb_failure(path_, error);
  return true;
}

Found LmdbFile::find(std::string_view key) const {
  std::string ended;
  if (nul_) {
    ended = key;
    ended += '\0';
    key = ended;
  }
  if (key.empty() || key.size() > kLongestKey) return std::nullopt;
  std::string value;
  for (int tries = 0; tries < kTries; ++tries) {
    const auto read = find_once(key, value);
    if (!read && read.error().kind == Errc::not_found) return std::nullopt;
    if (!read) return fail(read.error());
    if (!*read) continue;
    if (nul_ && value.ends_with('\0')) value.pop_back();
    return value;
  }
  return fail(Errc::busy, concat("database ", path_, ": is being written all the time"));
}

Result<Records> LmdbFile::all() const {
  auto txn = renew();
  if (!txn) return fail(txn.error());
  Records records;
  MDB_cursor* cursor = nullptr;
  int error = ::mdb_cursor_open(*txn, dbi_, &cursor);
  MDB_val key{}, value{};
  while (error == 0 && (error = ::mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    auto name = text_of(key), text = text_of(value);
    if (nul_ && name.ends_with('\0')) name.remove_suffix(1);
    if (nul_ && text.ends_with('\0')) text.remove_suffix(1);
    records.emplace_back(name, text);
  }
  if (cursor != nullptr) ::mdb_cursor_close(cursor);
  ::mdb_txn_reset(*txn);
  if (error != MDB_NOTFOUND) return lmdb_failure(path_, error);
  return records;
}

Result<void> write_lmdb(const std::string& path, Records records, unsigned mode) {
  std::sort(records.begin(), records.end());
  std::size_t size = 1u << 20;
  for (const auto& [key, value] : records) size += 2 * (key.size() + value.size() + 16);
  constexpr std::size_t kPage = 4096;
  for (int error = MDB_MAP_FULL; error == MDB_MAP_FULL; size *= 2) {
    error = write_once(path, records, (size + kPage - 1) / kPage * kPage, mode);
    if (error != 0 && error != MDB_MAP_FULL) return lmdb_failure(path, error);
  }
  return {};
}

}  // namespace postern::table
