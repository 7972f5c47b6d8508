#include <doctest/doctest.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "lib/table/lmdb_file.h"
#include "lib/table/opening.h"
#include "lib/table/table.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/table/answer.h"

using namespace postern;

namespace {

void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

std::string text_of(const table::Found& found) {
  if (!found) return "error: " + found.error().text;
  return *found ? **found : "(none)";
}

std::string look(std::string_view name, std::string_view key) {
  auto opened = table::open(name);
  if (!opened) return "cannot open: " + opened.error().text;
  return text_of(answer((*opened)->lookup(key)));
}

}  // namespace

TEST_CASE("what is written to an LMDB file is found there") {
  const TemporaryDirectory directory;
  table::Records records;
  for (int i = 0; i < 20000; ++i) records.emplace_back("key" + std::to_string(i), std::string(300, 'v'));
  records.emplace_back("long", std::string(100000, 'x'));
  REQUIRE(table::write_lmdb(directory.path("t.db"), records, 0644));
  const auto name = "hash:" + directory.path("t");
  const auto opened = table::open(name);
  REQUIRE(opened);
  CHECK(text_of(answer((*opened)->lookup("KEY19999"))) == std::string(300, 'v'));
  CHECK(text_of(answer((*opened)->lookup("long"))).size() == 100000);
  CHECK(text_of(answer((*opened)->lookup("key20000"))) == "(none)");
  CHECK(text_of(answer((*opened)->lookup(""))) == "(none)");
  CHECK(text_of(answer((*opened)->lookup(std::string(600, 'k')))) == "(none)");
  CHECK((*opened)->all()->size() == 20001);
  REQUIRE(
      table::write_lmdb(directory.path("nul.lmdb"), {{std::string("a\0", 2), std::string("b\0", 2)}}, 0644));
  CHECK(look("lmdb:" + directory.path("nul"), "a") == "b");
}

TEST_CASE("a file that cannot be used, and the text beside it") {
  const TemporaryDirectory directory;
  std::string reports;
  const table::Opening opening(nullptr, nullptr,
                               [&](table::Trouble, const auto& text) { reports += text + '\n'; });
  const auto path = directory.path("t");
  const auto name = "hash:" + path;
  write(path, "a 1\n");
  CHECK(look(name, "a") == "1");
  CHECK(reports == "open database " + path + ".db: No such file or directory; using " + path +
                       " itself. Run postmap " + name + "\n");
  reports.clear();
  write(path + ".db", std::string(12, '\0') + std::string("\x61\x15\x06\0", 4) + std::string(4096, '\0'));
  write(path, "root: ann, bob\n");
  CHECK(look(name, "root") == "ann, bob");
  CHECK(reports == "database " + path + ".db is a Berkeley DB file, which cannot be read; using " + path +
                       " itself. Run postalias " + name + "\n");
  write(path + ".db", "short");
  CHECK(look(name, "a") == "cannot open: database " + path + ".db: not an LMDB file");
  REQUIRE(::unlink((path + ".db").c_str()) == 0);
  REQUIRE(table::write_lmdb(path + ".db", {{"a", "2"}}, 0644));
  reports.clear();
  CHECK(look(name, "a") == "2");
  CHECK(reports.empty());
  write(path, "a 3\n");  // perhaps within the same tick of the file system's clock
  std::filesystem::last_write_time(path,
                                   std::filesystem::last_write_time(path + ".db") + std::chrono::seconds(1));
  CHECK(look(name, "a") == "2");
  CHECK(reports == "database " + path + ".db is older than source file " + path + "\n");
  REQUIRE(::truncate((path + ".db").c_str(), 5000) == 0);
  CHECK(look(name, "a") == "cannot open: database " + path + ".db: the file is cut short");
}

TEST_CASE("a file that changed is noticed, however it was changed") {
  const TemporaryDirectory directory;
  const auto path = directory.path("map"), other = directory.path("other");
  const auto changed_after = [&](const std::string& name, auto change) {
    table::Opening opening(nullptr, nullptr);
    REQUIRE(table::open(name));
    REQUIRE(opening.files().changed() == nullptr);
    change();
    return opening.files().changed() != nullptr;
  };
  const auto name = "texthash:" + path;
  write(path, "a 1\n");
  CHECK_FALSE(changed_after(name, [] {}));
  CHECK(changed_after(name, [&] { write(path, "a 2\n"); }));  // in place, of the same size, at once
  CHECK(changed_after(name, [&] {
    write(other, "a 3\n");
    std::filesystem::rename(other, path);
  }));
  CHECK(changed_after(name, [&] { std::filesystem::rename(path, path + "~"); }));
  write(path, "a 4\n");
  CHECK(changed_after(name, [&] { std::filesystem::remove(path); }));
  write(path, "a 5\n");
  std::filesystem::create_directory(directory.path("v1"));
  std::filesystem::create_directory(directory.path("v2"));
  write(directory.path("v1/m"), "a 1\n");
  write(directory.path("v2/m"), "a 2\n");
  std::filesystem::create_directory_symlink("v1", directory.path("now"));
  CHECK(changed_after("texthash:" + directory.path("now/m"), [&] {
    std::filesystem::create_directory_symlink("v2", directory.path("next"));
    std::filesystem::rename(directory.path("next"), directory.path("now"));
  }));
  REQUIRE(table::write_lmdb(path + ".db", {{"a", "1"}}, 0644));
  CHECK(changed_after("hash:" + path, [&] {
    REQUIRE(table::write_lmdb(other, {{"a", "2"}}, 0644));
    std::filesystem::rename(other, path + ".db");
  }));
}

TEST_CASE("a file that was not there is noticed when it appears") {
  const TemporaryDirectory directory;
  const auto path = directory.path("map");
  table::Opening opening(nullptr, nullptr, [](table::Trouble, const std::string&) {});
  CHECK(table::open_or_defer("hash:" + path, "maps") != nullptr);
  CHECK(opening.files().broken() == 1);
  CHECK(opening.files().changed() == nullptr);
  write(directory.path("another"), "a 1\n");
  CHECK(opening.files().changed() == nullptr);
  write(path + ".db.tmp.1", "a 1\n");
  CHECK(opening.files().changed() == nullptr);
  std::filesystem::rename(path + ".db.tmp.1", path + ".db");
  CHECK(opening.files().changed() != nullptr);
}

TEST_CASE("sqlite tables ask a database by sqlite_table(5)") {
  const TemporaryDirectory directory;
  sqlite3* database = nullptr;
  REQUIRE(::sqlite3_open(directory.path("d").c_str(), &database) == SQLITE_OK);
  REQUIRE(
      ::sqlite3_exec(
          database,
          "PRAGMA journal_mode = wal; CREATE TABLE t(k, v); INSERT INTO t VALUES ('ann@x.example', 'one'),"
          "('ann@x.example', 'two'), ('it''s', 'quoted'), ('n', NULL), ('e', ''), ('m', 'a@b'), ('m', 'c')",
          nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto config = [&](const std::string& more) {
    write(directory.path("cf"), "dbpath = " + directory.path("d") + "\n" + more);
    return "sqlite:" + directory.path("cf");
  };
  const std::string query = "query = SELECT v FROM t WHERE k = '%s'\n";
  struct {
    std::string more, key, value;
  } const cases[] = {
      {query, "ann@x.example", "one,two"},
      {query, "ANN@x.example", "one,two"},
      {query, "it's", "quoted"},
      {query, "' OR 1=1 --", "(none)"},
      {query, "n", "(none)"},
      {query, "e", "(none)"},
      {query + "result_format = <%s>\n", "ann@x.example", "<one>,<two>"},
      {query + "result_format = %u at %d\n", "m", "a at b"},
      {query + "expansion_limit = 1\n", "ann@x.example", "error: more results than expansion_limit = 1"},
      {query + "domain = y.example\n", "ann@x.example", "(none)"},
      {query + "domain = x.example\n", "ann@x.example", "one,two"},
      {query + "domain = x.example\n", "m", "(none)"},
      {"table = t\nselect_field = v\nwhere_field = k\n", "it's", "quoted"},
      {"query = SELECT '%u-%d-%2'\n", "a@x.example", "a-x.example-x"},
      {"query = SELECT '%d'\n", "a", "(none)"},
      {"query = DELETE FROM t WHERE k = '%s'\n", "m", "error: the query does not read from the database"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.more);
    CAPTURE(c.key);
    CHECK(look(config(c.more), c.key) == c.value);
  }
  const auto opened = table::open(config(query));
  REQUIRE(opened);
  REQUIRE(::sqlite3_exec(database, "INSERT INTO t VALUES ('late', 'yes')", nullptr, nullptr, nullptr) ==
          SQLITE_OK);
  CHECK(text_of(answer((*opened)->lookup("late"))) == "yes");
  ::sqlite3_close(database);
  CHECK(look(config("query = %x\n"), "a").find("query: invalid template: \"%x\"") != std::string::npos);
  CHECK(look(config(""), "a").find("neither query nor") != std::string::npos);
  const auto bad = look(config("query = SELECT no_column FROM t\n"), "a");
  CAPTURE(bad);
  CHECK(bad.find("no such column: no_column") != std::string::npos);
}
