// From a scoreboard that master and its processes write to the status that people and scripts see.
#include "lib/control/status.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/daemon/own_page.h"
#include "lib/daemon/scoreboard.h"

using namespace postern;
using namespace postern::control;
using daemon::Scoreboard;
using daemon::ScoreboardReader;

namespace {

daemon::ServiceReport report(std::string_view name, std::string_view type, std::int64_t line,
                             std::int64_t sessions_before = 0) {
  daemon::ServiceReport made;
  made.name = name;
  made.type = type;
  made.program = "smtpd";
  made.state = name_of(daemon::ServiceState::listening);
  made.line = line;
  made.sessions_before = sessions_before;
  return made;
}

// A process that is us, with a page of its own.
daemon::OwnPage begin(Scoreboard& board, std::string_view program, std::string_view service,
                      std::uint32_t row) {
  const auto slot = board.take_slot();
  REQUIRE(slot);
  board.expect(*slot, {program, service, row, 1});
  auto page = daemon::OwnPage::open(board.fd(), *slot, program, service, 1);
  REQUIRE(page);
  return std::move(*page);
}

Scoreboard board() {
  auto made = Scoreboard::create("1.2.3", "/etc/postern");
  REQUIRE(made);
  return std::move(*made);
}

SystemStatus seen(const Scoreboard& board) {
  const auto reader = ScoreboardReader::open(concat("/proc/self/fd/", board.fd()));
  REQUIRE(reader);
  return status_of(*reader);
}

}  // namespace

TEST_CASE("processes stand under their service, and services in the order of master.cf") {
  auto memory = board();
  const auto second = memory.take_row(), first = memory.take_row();
  memory.write_row(*second, report("smtp", "unix", 20));
  memory.write_row(*first, report("smtp", "inet", 10, 100));
  // Both have one name: the row tells.
  auto page = begin(memory, "smtpd", "smtp", *first);
  page.counter("connections").add(7);
  page.gauge("sessions").set(2);
  auto other = begin(memory, "smtpd", "smtp", *first);
  other.counter("connections").add(3);
  const SystemStatus status = seen(memory);
  CHECK(status.version == "1.2.3");
  CHECK(status.configuration == "/etc/postern");
  CHECK(status.started <= status.now);
  REQUIRE(status.services.size() == 2);
  CHECK(status.services[0].report.type == "inet");
  CHECK(status.services[0].processes.size() == 2);
  CHECK(status.services[0].sessions() == 2);
  CHECK(status.services[0].sessions_total() == 110);
  CHECK(status.services[1].report.type == "unix");
  CHECK(status.services[1].processes.empty());
}

TEST_CASE("processes of a service without a row are shown, last and together") {
  auto memory = board();
  memory.write_row(*memory.take_row(), report("smtp", "inet", 10));
  const auto one = begin(memory, "smtpd", "late", daemon::scoreboard::kNoRow);
  const auto two = begin(memory, "smtpd", "late", daemon::scoreboard::kNoRow);
  const auto lost = begin(memory, "local", "late", 5000);  // a row that says nothing
  const SystemStatus status = seen(memory);
  REQUIRE(status.services.size() == 3);
  CHECK(status.services[0].has_row);
  CHECK(!status.services[1].has_row);
  CHECK(status.services[1].report.name == "late");
  CHECK(status.services[1].processes.size() == 2);
  CHECK(status.services[2].report.program == "local");
}

TEST_CASE("a process that writes nonsense on its page confuses nobody") {
  auto memory = board();
  const auto past = begin(memory, "smtpd", "smtp", 0), future = begin(memory, "smtpd", "smtp", 0);
  memory.page(0).started = INT64_MIN;
  memory.page(1).started = INT64_MAX;
  const SystemStatus status = seen(memory);
  REQUIRE(status.services.size() == 1);
  CHECK(status.services[0].processes[0].row.started == 0);
  CHECK(status.services[0].processes[1].row.started == status.now);
}

TEST_CASE("a query is a number of the service, or the sum over its processes") {
  auto memory = board();
  const auto row = memory.take_row(), none = memory.take_row();
  auto told = report("smtp", "inet", 10, 100);
  told.failures = 4;
  memory.write_row(*row, told);
  memory.write_row(*none, report("smtp", "unix", 20, 1000));
  auto one = begin(memory, "smtpd", "smtp", *row), two = begin(memory, "smtpd", "smtp", *row);
  one.counter("accepted").add(7);
  two.counter("accepted").add(1);
  one.counter("connections").add(9);
  const SystemStatus status = seen(memory);
  CHECK(*status_value(status, "smtp/accepted") == 8);
  CHECK(*status_value(status, "smtp/inet/accepted") == 8);
  CHECK(*status_value(status, "smtp/unix/accepted") == 0);  // it has no process
  CHECK(*status_value(status, "smtp/inet/sessions_total") == 109);
  CHECK(*status_value(status, "smtp/sessions_total") == 1109);
  CHECK(*status_value(status, "smtp/process_count") == 2);
  CHECK(*status_value(status, "smtp/failures") == 4);
  CHECK(*status_value(status, "master/process/service_count") == 2);
  const auto number = status_value(status, "smtp/bytes");
  CHECK(number.error().kind == Errc::not_found);
  CHECK(number.error().text.starts_with(
      "no such number: smtp/bytes (there are: accepted, chroot, connections"));
  CHECK(status_value(status, "smtp/state").error().kind == Errc::not_found);  // no number
  CHECK(status_value(status, "pop/x").error().text == "no such service: pop/x (there are: smtp)");
  CHECK(status_value(status, "master/process/x").error().text == "no such number: master/process/x");
  CHECK(status_value(status, "smtp").error().kind == Errc::invalid);
}
