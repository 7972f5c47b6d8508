#include "commands/postern/status.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::commands;

namespace {

constexpr std::int64_t kSecond = 1'000'000;

daemon::Row row(std::uint32_t pid, daemon::State state, std::int64_t started,
                std::vector<std::pair<std::string, std::uint64_t>> values) {
  daemon::Row made;
  made.pid = pid;
  made.state = state;
  made.started = started;
  made.generation = 2;
  made.values = std::move(values);
  return made;
}

SystemStatus example() {
  SystemStatus status;
  status.version = "1.2.3";
  status.configuration = "/etc/postern";
  status.master = 100;
  status.now = 5000 * kSecond;
  status.last_load.number = 4;
  status.last_load.generation = 3;
  status.last_load.succeeded = true;
  status.last_load.ended = status.last_load.in_force_since = 4400 * kSecond;
  status.services.push_back(
      {"smtp",
       "inet",
       "smtpd",
       {row(101, daemon::State::busy, 4990 * kSecond, {{"sessions", 2}, {"accepted", 7}}),
        row(102, daemon::State::available, 4999 * kSecond, {{"sessions", 0}, {"accepted", 1}})}});
  status.services.push_back({"local", "unix", "local", {}});
  return status;
}

}  // namespace

TEST_CASE("ages are short") {
  CHECK(format_age(-5) == "0s");
  CHECK(format_age(59 * kSecond) == "59s");
  CHECK(format_age(60 * kSecond) == "1m00s");
  CHECK(format_age(187 * kSecond) == "3m07s");
  CHECK(format_age(18720 * kSecond) == "5h12m");
  CHECK(format_age((12 * 86400 + 3 * 3600) * kSecond) == "12d3h");
}

TEST_CASE("the tree shows services, processes, and numbers that are not zero") {
  CHECK(status_text(example()) ==
        "Postern 1.2.3, process 100, up 1h23m, /etc/postern, generation 3\n"
        "├─ smtp inet smtpd\n"
        "│  ├─ 101 busy 10s  sessions=2  accepted=7\n"
        "│  └─ 102 available 1s  accepted=1\n"
        "└─ local unix local  (no process)\n");
}

TEST_CASE("the same as JSON") {
  CHECK(
      status_json(example()) ==
      R"({"version": "1.2.3", "pid": 100, "age": 5000, "configuration": "/etc/postern", )"
      R"("generation": 3, "generation_age": 600, "services": [)"
      R"({"name": "smtp", "type": "inet", "program": "smtpd", "processes": [)"
      R"({"pid": 101, "state": "busy", "age": 10, "generation": 2, "values": {"sessions": 2, "accepted": 7}}, )"
      R"({"pid": 102, "state": "available", "age": 1, "generation": 2, "values": {"sessions": 0, "accepted": 1}}]}, )"
      R"({"name": "local", "type": "unix", "program": "local", "processes": []}]})"
      "\n");
}

TEST_CASE("a reload that has failed since the configuration came in force is shown") {
  SystemStatus status = example();
  status.services.clear();
  status.last_load.succeeded = false;
  status.last_load.ended = 4880 * kSecond;
  status.last_load.reason = "/etc/postern/main.cf, line 7: \"no\"";
  CHECK(status_text(status) ==
        "Postern 1.2.3, process 100, up 1h23m, /etc/postern, generation 3\n"
        "the last reload failed 2m00s ago: /etc/postern/main.cf, line 7: \"no\"\n");
  CHECK(
      status_json(status).find(
          R"("generation": 3, "generation_age": 600, )"
          R"("failed_reload": {"age": 120, "reason": "/etc/postern/main.cf, line 7: \"no\""}, "services")") !=
      std::string::npos);
}

TEST_CASE("a query is the sum over the processes of a service") {
  const SystemStatus status = example();
  CHECK(*status_value(status, "smtp/accepted") == 8);
  CHECK(*status_value(status, "smtp/sessions") == 2);
  CHECK(*status_value(status, "local/anything") == 0);
  CHECK(status_value(status, "smtp/bytes").error().text ==
        "no such number: smtp/bytes (there are: accepted, sessions)");
  CHECK(status_value(status, "pop/x").error().text == "no such service: pop/x (there are: local, smtp)");
  CHECK(status_value(status, "smtp").error().kind == Errc::invalid);
}
