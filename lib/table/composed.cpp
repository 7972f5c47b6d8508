#include "lib/table/composed.h"

#include <sys/random.h>

#include <random>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/words.h"
#include "lib/table/openers.h"

namespace postern::table {

namespace {

using Tables = std::vector<std::unique_ptr<Table>>;

class Unavailable : public Table {
 public:
  Unavailable(std::string name, std::string reason) : Table(std::move(name)), reason_(std::move(reason)) {}
  net::Task<Found> lookup(std::string_view) override {
    co_return fail(Errc::busy, concat(name(), " is unavailable. ", reason_));
  }

 private:
  std::string reason_;
};

// The first table says what keys the whole takes.
class Composed : public Table {
 public:
  Composed(std::string name, Tables tables)
      : Table(std::move(name), tables.front()->form()), tables_(std::move(tables)) {}

 protected:
  Tables tables_;
};

class Union : public Composed {
 public:
  using Composed::Composed;
  net::Task<Found> lookup(std::string_view key) override {
    std::string values;
    for (const auto& table : tables_) {
      auto found = co_await table->lookup(key);
      if (!found) co_return fail(found.error());
      if (!*found) continue;
      if (!values.empty()) values += ',';
      values += **found;
    }
    if (values.empty()) co_return Found(std::nullopt);
    co_return values;
  }
};

class Pipe : public Composed {
 public:
  using Composed::Composed;
  net::Task<Found> lookup(std::string_view key) override {
    std::string value(key);
    for (const auto& table : tables_) {
      auto found = co_await table->lookup(value);
      if (!found || !*found) co_return found;
      value = std::move(**found);
    }
    co_return value;
  }
};

class Random : public Table {
 public:
  Random(std::string name, config::List values)
      : Table(std::move(name), KeyForm::pattern), values_(std::move(values)), pick_(0, values_.size() - 1) {
    std::uint32_t seed = 1;
    if (::getrandom(&seed, sizeof seed, 0) == sizeof seed) generator_.seed(seed);
  }
  net::Task<Found> lookup(std::string_view) override { co_return values_[pick_(generator_)]; }

 private:
  config::List values_;
  std::minstd_rand generator_;
  std::uniform_int_distribution<std::size_t> pick_;
};

class Debug : public Table {
 public:
  Debug(std::string name, std::unique_ptr<Table> table)
      : Table(std::move(name), table->form()), table_(std::move(table)) {}
  net::Task<Found> lookup(std::string_view key) override {
    auto found = co_await table_->lookup(key);
    std::string answer = "not_found";
    if (!found) {
      answer = "error";
    } else if (*found) {
      answer = **found;
    }
    log_info(
        concat(table_->name(), " lookup: \"", printable(key, 400), "\" = \"", printable(answer, 1000), '"'));
    co_return found;
  }
  Result<Records> all() const override { return table_->all(); }

 private:
  std::unique_ptr<Table> table_;
};

// The words between the braces of "{ a, b }". Fails with what stands in `need`.
Result<config::List> words_in(std::string_view name, std::string_view argument, std::string_view need) {
  const auto bad = [&] {
    return fail(Errc::invalid, concat("bad syntax: \"", printable(name, 200), "\"; need \"", need, '"'));
  };
  if (!argument.starts_with('{') || config::behind_group(argument) != argument.size()) return bad();
  auto words = config::split_braced(argument.substr(1, argument.size() - 2), config::kListSeparators);
  if (!words || words->empty()) return bad();
  return words;
}

Result<Tables> open_members(std::string_view name, std::string_view argument, std::string_view need) {
  const auto words = words_in(name, argument, need);
  if (!words) return fail(words.error());
  Tables tables;
  for (const auto& word : *words) {
    auto table = open(word);
    if (!table) return fail(table.error().kind, concat(printable(name, 200), ": ", table.error().text));
    tables.push_back(std::move(*table));
  }
  return tables;
}

}  // namespace

std::unique_ptr<Table> unavailable(std::string name, std::string reason) {
  return std::make_unique<Unavailable>(std::move(name), std::move(reason));
}

Result<std::unique_ptr<Table>> open_unionmap(std::string name, std::string_view argument) {
  auto tables = open_members(name, argument, "unionmap:{type:name...}");
  if (!tables) return fail(tables.error());
  return std::make_unique<Union>(std::move(name), std::move(*tables));
}

Result<std::unique_ptr<Table>> open_pipemap(std::string name, std::string_view argument) {
  auto tables = open_members(name, argument, "pipemap:{type:name...}");
  if (!tables) return fail(tables.error());
  return std::make_unique<Pipe>(std::move(name), std::move(*tables));
}

Result<std::unique_ptr<Table>> open_randmap(std::string name, std::string_view argument) {
  auto values = words_in(name, argument, "randmap:{value...}");
  if (!values) return fail(values.error());
  return std::make_unique<Random>(std::move(name), std::move(*values));
}

Result<std::unique_ptr<Table>> open_debug(std::string name, std::string_view argument) {
  auto table = open(argument);
  if (!table) return table;
  return std::make_unique<Debug>(std::move(name), std::move(*table));
}

Result<std::unique_ptr<Table>> open_proxy(std::string, std::string_view argument) { return open(argument); }

}  // namespace postern::table
