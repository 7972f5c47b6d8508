// hash:, btree: and lmdb: tables: what postmap and postalias write, or, where that is missing, the text beside it.
#include <sys/stat.h>

#include "lib/base/text.h"
#include "lib/table/lmdb_file.h"
#include "lib/table/memory_tables.h"
#include "lib/table/openers.h"
#include "lib/table/records.h"

namespace postern::table {

namespace {

class LmdbTable : public MemoryTable {
 public:
  LmdbTable(std::string name, std::unique_ptr<LmdbFile> file)
      : MemoryTable(std::move(name)), file_(std::move(file)) {}
  Result<Records> all() const override { return file_->all(); }

 private:
  Found find(std::string_view key) const override { return file_->find(lower(key)); }
  std::unique_ptr<LmdbFile> file_;
};

// The text that stands beside a file that cannot be used, and is what would be in it.
Result<std::unique_ptr<Table>> from_source(std::string name, const std::string& path, const Error& why) {
  const auto text = read_watched(path, kLongestSource);
  if (!text) return fail(why);
  const bool aliases = looks_like_aliases(*text);
  Opening::report(Trouble::warning, concat(why.text, "; using ", path, " itself. Run ",
                                           aliases ? "postalias " : "postmap ", name));
  auto pairs = read_text(*text, path, aliases ? TextForm::aliases : TextForm::pairs, Opening::report);
  return std::make_unique<PairTable>(std::move(name), std::move(pairs.values), std::move(pairs.broken));
}

void warn_of_age(const std::string& path, const std::string& source) {
  struct stat built {
  }, text{};
  if (::stat(path.c_str(), &built) != 0 || ::stat(source.c_str(), &text) != 0) return;
  const auto older =
      built.st_mtim.tv_sec < text.st_mtim.tv_sec ||
      (built.st_mtim.tv_sec == text.st_mtim.tv_sec && built.st_mtim.tv_nsec < text.st_mtim.tv_nsec);
  if (older)
    Opening::report(Trouble::warning, concat("database ", path, " is older than source file ", source));
}

Result<std::unique_ptr<Table>> open_built(std::string name, const std::string& source,
                                          std::string_view suffix) {
  const auto path = concat(source, suffix);
  const auto kind = kind_of_file(path);
  if (!kind && kind.error().kind != Errc::not_found) return fail(kind.error());
  if (!kind) {
    return from_source(
        std::move(name), source,
        Error{Errc::not_found, concat("open database ", path, ": No such file or directory"), 0});
  }
  if (*kind == FileKind::berkeley_db) {
    return from_source(
        std::move(name), source,
        Error{Errc::invalid, concat("database ", path, " is a Berkeley DB file, which cannot be read"), 0});
  }
  if (*kind == FileKind::other) return fail(Errc::invalid, concat("database ", path, ": not an LMDB file"));
  auto file = LmdbFile::open(path);
  if (!file) return fail(file.error());
  if (Opening::now() != nullptr) Opening::now()->files().add_in_use(path, (*file)->fd());
  warn_of_age(path, source);
  return std::make_unique<LmdbTable>(std::move(name), std::move(*file));
}

}  // namespace

Result<std::unique_ptr<Table>> open_hash(std::string name, std::string_view argument) {
  return open_built(std::move(name), std::string(argument), ".db");
}

Result<std::unique_ptr<Table>> open_lmdb(std::string name, std::string_view argument) {
  return open_built(std::move(name), std::string(argument), ".lmdb");
}

}  // namespace postern::table
