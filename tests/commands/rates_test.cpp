#include "commands/postern/rates.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::commands;

namespace {

// A system of one service with one process, at that second.
control::SystemStatus at(std::int64_t second, std::int64_t before, std::uint64_t connections,
                         std::uint32_t pid = 7) {
  control::SystemStatus status;
  status.started = 1;
  status.now = second * 1'000'000;
  control::ProcessStatus process;
  process.row.pid = pid;
  process.row.values = {{"connections", connections}};
  control::ServiceStatus service;
  service.report.name = "smtp";
  service.report.sessions_before = before;
  service.processes.push_back(process);
  status.services.push_back(service);
  return status;
}

}  // namespace

TEST_CASE("the first look has no rate, the next one that since then") {
  Rates rates;
  const auto first = at(10, 0, 100), second = at(14, 0, 110);
  rates.look(first);
  CHECK(!rates.of(first.services[0]));
  rates.look(second);
  CHECK(*rates.of(second.services[0]) == doctest::Approx(2.5));
  CHECK(*rates.of(second.services[0].processes[0]) == doctest::Approx(2.5));
}

TEST_CASE("a process that ends takes nothing away, and a new one has no rate yet") {
  Rates rates;
  rates.look(at(10, 0, 100));
  const auto next = at(12, 104, 2, 8);
  rates.look(next);
  CHECK(*rates.of(next.services[0]) == doctest::Approx(3));
  CHECK(!rates.of(next.services[0].processes[0]));
  // Its sessions are not yet among those from before.
  const auto gap = at(13, 0, 1, 9);
  rates.look(gap);
  CHECK(*rates.of(gap.services[0]) == 0);
}

TEST_CASE("another master begins anew") {
  Rates rates;
  rates.look(at(10, 0, 100));
  auto next = at(12, 0, 200);
  next.started = 11'000'000;
  rates.look(next);
  CHECK(!rates.of(next.services[0]));
}

TEST_CASE("rates are short") {
  CHECK(format_rate(0) == "0.0/s");
  CHECK(format_rate(0.44) == "0.4/s");
  CHECK(format_rate(9.96) == "10/s");
  CHECK(format_rate(1234.5) == "1235/s");
}
