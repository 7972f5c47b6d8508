// sqlite: tables, by the parameters of sqlite_table(5): in a file of their own, or in main.cf with a prefix.
#include <fcntl.h>
#include <sqlite3.h>

#include "lib/base/text.h"
#include "lib/config/databases.h"
#include "lib/config/values.h"
#include "lib/table/match_list.h"
#include "lib/table/memory_tables.h"
#include "lib/table/query_template.h"

namespace postern::table {

namespace {

constexpr int kBusyMilliseconds = 500;
// Steps of SQLite's machine for one lookup: a table scan of some million rows.
constexpr int kMostSteps = 200'000'000;

struct Close {
  void operator()(sqlite3* database) const { ::sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

// The parameters of one table, from wherever they are.
class Parameters {
 public:
  static Result<Parameters> open(std::string_view argument) {
    Parameters parameters;
    if (!config::is_table_file(argument)) {
      const auto* opening = Opening::now();
      if (opening == nullptr || opening->settings() == nullptr) {
        return fail(Errc::invalid, "its parameters are in main.cf, which is not read here");
      }
      parameters.settings_ = opening->settings();
      parameters.prefix_ = concat(argument, '_');
      return parameters;
    }
    auto text = read_watched(std::string(argument), config::kLongestFile);
    if (!text) return fail(text.error());
    auto file = config::MainCf::parse(std::move(*text), std::string(argument));
    if (!file) return fail(file.error());
    parameters.file_ = std::move(*file);
    return parameters;
  }

  // Nothing when it is not set.
  Result<std::optional<std::string>> value(std::string_view name) const {
    if (settings_ == nullptr) {
      const auto* entry = file_.find(name);
      return entry == nullptr ? std::optional<std::string>() : std::optional(std::string(entry->value));
    }
    const auto full = prefix_ + std::string(name);
    const auto raw = settings_->raw(full);
    if (!raw) return std::optional<std::string>();
    auto expanded = settings_->expand(*raw);
    if (!expanded) return fail(expanded.error().kind, concat(full, ": ", expanded.error().text));
    return std::optional(std::move(*expanded));
  }

 private:
  config::MainCf file_;
  const config::Settings* settings_ = nullptr;
  std::string prefix_;
};

std::string plain(std::string_view text) { return std::string(text); }

// In SQL quotes stand for themselves when they are doubled.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') out += c;
    out += c;
  }
  return out;
}

class SqliteTable : public Table {
 public:
  using Table::Table;

  Result<void> load(const Parameters& parameters) {
    auto loaded = read(parameters);
    if (!loaded) return loaded;
    return open_database();
  }

  net::Task<Found> lookup(std::string_view key) override {
    const auto folded = lower(key);
    if (folded.find('\0') != std::string::npos || !is_utf8(folded)) co_return Found(std::nullopt);
    if (!domains_.empty()) {
      const auto at = folded.rfind('@');
      if (at == std::string::npos || at + 1 == folded.size()) co_return Found(std::nullopt);
      auto listed = co_await domains_.matches(std::string_view(folded).substr(at + 1));
      if (!listed) co_return fail(listed.error());
      if (!*listed) co_return Found(std::nullopt);
    }
    co_return find(folded);
  }

 private:
  Result<void> read(const Parameters& parameters);
  Result<std::string> query_of(const Parameters& parameters) const;
  Result<void> open_database();
  Found find(const std::string& key) const;
  Result<std::string> rows(sqlite3_stmt* statement, const std::string& key) const;

  std::string path_;
  QueryTemplate query_, result_;
  std::int64_t most_results_ = 0;
  MatchList domains_;
  Database database_;
};

Result<std::string> SqliteTable::query_of(const Parameters& parameters) const {
  auto query = parameters.value("query");
  if (!query) return fail(query.error());
  if (*query) return std::move(**query);
  std::string parts[4];
  constexpr std::string_view kNames[] = {"select_field", "table", "where_field", "additional_conditions"};
  for (std::size_t i = 0; i < 4; ++i) {
    auto part = parameters.value(kNames[i]);
    if (!part) return fail(part.error());
    parts[i] = part->value_or("");
    if (parts[i].empty() && i < 3)
      return fail(Errc::invalid, "neither query nor select_field, table, where_field are set");
  }
  return concat("SELECT ", parts[0], " FROM ", parts[1], " WHERE ", parts[2], " = '%s' ", parts[3]);
}

Result<void> SqliteTable::read(const Parameters& parameters) {
  auto path = parameters.value("dbpath");
  if (!path) return fail(path.error());
  if (path->value_or("").empty()) return fail(Errc::invalid, "dbpath is not set");
  path_ = **path;
  auto query = query_of(parameters);
  if (!query) return fail(query.error());
  auto query_template = QueryTemplate::parse(std::move(*query));
  if (!query_template)
    return fail(query_template.error().kind, concat("query: ", query_template.error().text));
  query_ = std::move(*query_template);
  auto format = parameters.value("result_format");
  if (!format) return fail(format.error());
  auto format_template = QueryTemplate::parse(format->value_or("%s"));
  if (!format_template)
    return fail(format_template.error().kind, concat("result_format: ", format_template.error().text));
  result_ = std::move(*format_template);
  auto limit = parameters.value("expansion_limit");
  if (!limit) return fail(limit.error());
  const auto number = config::parse_int(limit->value_or("0"));
  if (!number || *number < 0)
    return fail(Errc::invalid, concat("expansion_limit: bad number \"", **limit, '"'));
  most_results_ = *number;
  auto domains = parameters.value("domain");
  if (!domains) return fail(domains.error());
  const auto words = config::split_braced(domains->value_or(""), config::kListSeparators);
  if (!words) return fail(words.error());
  auto list = MatchList::parse("domain", *words, MatchList::Kind::names);
  if (!list) return fail(list.error());
  domains_ = std::move(*list);
  return {};
}

// Opens what SQLite may need later, while it can still be reached: a first statement makes it open the log and the
// shared memory of a database that has them.
Result<void> SqliteTable::open_database() {
  sqlite3* opened = nullptr;
  const int error =
      ::sqlite3_open_v2(path_.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  if (error != SQLITE_OK) {
    return fail(Errc::io,
                concat("open database ", path_, ": ", opened ? ::sqlite3_errmsg(opened) : "no memory"));
  }
  ::sqlite3_busy_timeout(opened, kBusyMilliseconds);
  if (::sqlite3_exec(opened, "PRAGMA temp_store = memory; SELECT count(*) FROM sqlite_master", nullptr,
                     nullptr, nullptr) != SQLITE_OK) {
    return fail(Errc::io, concat("database ", path_, ": ", ::sqlite3_errmsg(opened)));
  }
  if (Opening::now() != nullptr) {
    // Closing such a descriptor does not take SQLite's locks away.
    const Fd file(::open(path_.c_str(), O_PATH | O_CLOEXEC));
    if (file) Opening::now()->files().add_in_use(path_, file.get());
  }
  return {};
}

Found SqliteTable::find(const std::string& key) const {
  const auto query = query_.fill(key, key, quoted);
  if (!query) return std::nullopt;
  const auto bad = [&] {
    return fail(Errc::busy, concat("database ", path_, ": ", ::sqlite3_errmsg(database_.get())));
  };
  sqlite3_stmt* prepared = nullptr;
  if (::sqlite3_prepare_v2(database_.get(), query->c_str(), -1, &prepared, nullptr) != SQLITE_OK)
    return bad();
  const Statement statement(prepared);
  if (prepared == nullptr || ::sqlite3_stmt_readonly(prepared) == 0) {
    return fail(Errc::busy, "the query does not read from the database");
  }
  int ticks = 0;
  const auto count = [](void* steps) { return ++*static_cast<int*>(steps) > kMostSteps / 100'000 ? 1 : 0; };
  ::sqlite3_progress_handler(database_.get(), 100'000, count, &ticks);
  auto values = rows(prepared, key);
  ::sqlite3_progress_handler(database_.get(), 0, nullptr, nullptr);
  if (!values) return fail(values.error());
  if (values->empty()) return std::nullopt;
  return std::move(*values);
}

Result<std::string> SqliteTable::rows(sqlite3_stmt* statement, const std::string& key) const {
  std::string joined;
  std::int64_t results = 0;
  for (;;) {
    const int step = ::sqlite3_step(statement);
    if (step == SQLITE_DONE) return joined;
    if (step != SQLITE_ROW) {
      return fail(Errc::busy, concat("database ", path_, ": ", ::sqlite3_errmsg(database_.get())));
    }
    const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(statement, 0));
    if (text == nullptr) continue;
    const auto value = result_.fill(text, key, plain);
    if (!value) continue;
    if (most_results_ > 0 && ++results > most_results_) {
      return fail(Errc::busy, concat("more results than expansion_limit = ", most_results_));
    }
    if (!joined.empty()) joined += ',';
    joined += *value;
  }
}

}  // namespace

Result<std::unique_ptr<Table>> open_sqlite(std::string name, std::string_view argument) {
  const auto bad = [&](const Error& error) { return fail(error.kind, concat(name, ": ", error.text)); };
  const auto parameters = Parameters::open(argument);
  if (!parameters) return bad(parameters.error());
  auto table = std::make_unique<SqliteTable>(name);
  auto loaded = table->load(*parameters);
  if (!loaded) return bad(loaded.error());
  return table;
}

}  // namespace postern::table
