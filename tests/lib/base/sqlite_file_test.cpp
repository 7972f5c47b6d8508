#include "lib/base/sqlite_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/lib/base/temporary_directory.h"

using namespace postern;

namespace {

using Access = SqliteFile::Access;

constexpr std::int64_t kApplication = 0x54657374;

SqliteFile open(const std::string& path, Access access = Access::make) {
  auto file = SqliteFile::open(path, access, milliseconds(0));
  if (!file) FAIL(file.error().text);
  return std::move(*file);
}

// One with a table of names, of which each may be there once.
SqliteFile begin(const std::string& path) {
  SqliteFile file = open(path);
  REQUIRE(file.execute("CREATE TABLE name (name TEXT UNIQUE); INSERT INTO name VALUES ('ann')", "begin"));
  return file;
}

std::int64_t count(const SqliteFile& file) { return file.number("SELECT count(*) FROM name").value(); }

}  // namespace

TEST_CASE("An error of SQLite says what kind it is, and names the file") {
  TemporaryDirectory directory;
  const std::string path = directory.path("names.db");
  CHECK(SqliteFile::open(path, Access::change, milliseconds(0)).error().kind == Errc::not_found);
  const SqliteFile file = begin(path);
  struct Case {
    const char* sql;
    Errc kind;
  };
  for (const Case& one :
       {Case{"INSERT INTO name VALUES ('ann')", Errc::exists},
        Case{"INSERT INTO street VALUES ('ann')", Errc::invalid},
        Case{"PRAGMA max_page_count = 1; INSERT INTO name VALUES (zeroblob(99999))", Errc::full}}) {
    CAPTURE(one.sql);
    const auto done = file.execute(one.sql, "add a name");
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == one.kind);
    CHECK(done.error().text.starts_with(path + ": add a name: "));
  }
  const SqliteFile reader = open(path, Access::read);
  CHECK(reader.execute("DELETE FROM name", "forget").error().kind == Errc::denied);
  REQUIRE(file.execute("BEGIN IMMEDIATE", "begin"));
  CHECK(open(path).execute("DELETE FROM name", "forget").error().kind == Errc::busy);
}

TEST_CASE("A transaction is done whole or not at all") {
  TemporaryDirectory directory;
  const SqliteFile file = begin(directory.path("names.db"));
  const auto add = [&](const char* name) {
    return file.execute(std::string("INSERT INTO name VALUES ('") + name + "')", "add a name");
  };
  CHECK_FALSE(file.transact([&] {
    const auto added = add("bob");
    return added ? add("ann") : added;
  }));
  CHECK(count(file) == 1);
  CHECK_FALSE(file.in_transaction());
  CHECK(file.transact([&] { return add("bob"); }));
  CHECK(count(file) == 2);
}

TEST_CASE("A file is new, of this format, or refused") {
  TemporaryDirectory directory;
  const SqliteFile file = open(directory.path("names.db"));
  CHECK(file.check_format(kApplication, 3));
  REQUIRE(file.set_format(kApplication, 3));
  CHECK(file.check_format(kApplication, 3));
  CHECK(file.check_format(kApplication, 4).error().text.ends_with(": a file of another version: 3"));
  CHECK(file.check_format(kApplication + 1, 3).error().text.ends_with(": a file of something else"));
  CHECK(begin(directory.path("other.db")).check_format(kApplication, 3).error().kind == Errc::invalid);
}

TEST_CASE("What is put aside is the file that was found to be bad, and no other") {
  TemporaryDirectory directory;
  const std::string path = directory.path("names.db");
  std::ofstream(path) << "no database";
  std::ofstream(path + "-wal") << "its log";
  const FileId bad = file_id(path);
  CHECK(put_aside(path, bad, "why").value() == "moved to " + path + ".aside, and a new one begun: why");
  CHECK(std::filesystem::exists(path + ".aside-wal"));
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  CHECK(put_aside(path, bad, "why").value().empty());  // another process was faster
  begin(path);
  CHECK(put_aside(path, bad, "why").value().empty());
  CHECK(count(open(path)) == 1);
}
