#include "lib/screening/report.h"

#include "lib/base/text.h"
#include "lib/screening/statements.h"

namespace postern::screening {

std::int64_t Report::of(Count count) const {
  const auto found = numbers.find(name_of(count).name);
  return found == numbers.end() ? 0 : found->second;
}

void Report::add(std::string_view name, std::int64_t n) {
  if (n == 0) return;
  if (name.starts_with(kListPrefix)) {
    lists[std::string(name.substr(kListPrefix.size()))] += n;
  } else {
    numbers[std::string(name)] += n;
  }
}

namespace {

Result<std::optional<std::int64_t>> first_hour(Database& database, std::int64_t first, std::int64_t last) {
  Statement found(database.handle(),
                  "SELECT hour FROM number WHERE hour BETWEEN ? AND ? ORDER BY hour LIMIT 1");
  if (!found) return database.failure("read");
  found.with(first, last);
  const int code = found.step();
  if (code == SQLITE_ROW) return std::optional(found.number(0));
  if (code != SQLITE_DONE) return database.failure("read");
  return std::optional<std::int64_t>();
}

}  // namespace

Result<Report> report_of(Database& database, std::int64_t first, std::int64_t last, int networks) {
  Report report;
  const auto begin = first_hour(database, first, last);
  if (!begin) return fail(begin.error());
  report.first = *begin;
  Statement numbers(database.handle(),
                    "SELECT name.name, sum(value) FROM number JOIN name ON number.name = name.id "
                    "WHERE hour BETWEEN ? AND ? GROUP BY name.name");
  if (!numbers) return database.failure("read");
  numbers.with(first, last);
  int code = SQLITE_ROW;
  while ((code = numbers.step()) == SQLITE_ROW) report.add(numbers.text(0), numbers.number(1));
  if (code != SQLITE_DONE) return database.failure("read");
  Statement worst(database.handle(),
                  "SELECT network, sum(connections), sum(offences) AS bad FROM network WHERE hour BETWEEN ? "
                  "AND ? GROUP BY network HAVING bad > 0 ORDER BY bad DESC, network LIMIT ?");
  if (!worst) return database.failure("read");
  worst.with(first, last, networks);
  while ((code = worst.step()) == SQLITE_ROW) {
    report.networks.push_back({worst.text(0), {worst.number(1), worst.number(2)}});
  }
  if (code != SQLITE_DONE) return database.failure("read");
  return report;
}

}  // namespace postern::screening
