// Names and values of the status. Scripts rely on them: a change here is one of the interface.
#include "lib/control/status_pairs.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace postern;
using namespace postern::control;

namespace {

constexpr std::int64_t kSecond = 1'000'000;

ProcessStatus process() {
  ProcessStatus made;
  made.row.pid = 101;
  made.row.state = daemon::State::busy;
  made.row.started = 4990 * kSecond;
  made.row.generation = 2;
  made.row.values = {{"sessions", 2}, {"connections", 7}, {"accepted", 5}};
  made.descriptors = Descriptors{12, 1024};
  return made;
}

SystemStatus example() {
  SystemStatus status;
  status.version = "1.2.3";
  status.configuration = "/etc/postern";
  status.master = 100;
  status.now = 5000 * kSecond;
  status.started = 1 * kSecond;
  status.last_load.number = 4;
  status.last_load.generation = 3;
  status.last_load.succeeded = true;
  status.last_load.ended = status.last_load.in_force_since = 4400 * kSecond;
  daemon::ServiceReport report;
  report.name = "smtp";
  report.type = "inet";
  report.program = "smtpd";
  report.state = "throttled";
  report.addresses = "127.0.0.1:25";
  report.process_limit = 100;
  report.started = 9;
  report.failures = 1;
  report.last_failure = "killed by signal 11";
  report.last_failure_at = 4997 * kSecond;
  report.throttled_until = 5007 * kSecond + 1;
  report.sessions_before = 40;
  status.services.push_back({report, true, {process()}});
  return status;
}

std::string value_of(const SystemStatus& status, std::string_view name) {
  for (const PlacedPair& pair : all_pairs(status)) {
    if (full_name(pair) == name) return pair.pair.value;
  }
  return "not there";
}

std::string lines_of(const SystemStatus& status) {
  std::string lines;
  for (const PlacedPair& pair : all_pairs(status)) lines += full_name(pair) + " = " + pair.pair.value + "\n";
  return lines;
}

}  // namespace

TEST_CASE("every pair: the system, a service, its processes") {
  CHECK(lines_of(example()) == R"(master/process/version = 1.2.3
master/process/pid = 100
master/process/age = 4999
master/process/upgrades = 0
master/process/configuration = /etc/postern
master/process/generation = 3
master/process/generation_age = 600
master/process/failed_reload = 
master/process/failed_reload_age = 
master/process/service_count = 1
master/process/process_count = 1
smtp/inet/name = smtp
smtp/inet/type = inet
smtp/inet/program = smtpd
smtp/inet/line = 0
smtp/inet/private = 0
smtp/inet/unprivileged = 0
smtp/inet/chroot = 0
smtp/inet/wakeup = 0
smtp/inet/wakeup_if_used = 0
smtp/inet/process_limit = 100
smtp/inet/state = throttled
smtp/inet/why = 
smtp/inet/started = 9
smtp/inet/failures = 1
smtp/inet/last_failure_age = 3
smtp/inet/throttled_for = 8
smtp/inet/stressed_for = 0
smtp/inet/sessions_before = 40
smtp/inet/last_failure = killed by signal 11
smtp/inet/addresses = 127.0.0.1:25
smtp/inet/process_count = 1
smtp/inet/sessions = 2
smtp/inet/sessions_total = 47
smtp/inet/101/pid = 101
smtp/inet/101/state = busy
smtp/inet/101/age = 10
smtp/inet/101/generation = 2
smtp/inet/101/rights = 
smtp/inet/101/descriptors = 12
smtp/inet/101/descriptor_limit = 1024
smtp/inet/101/sessions = 2
smtp/inet/101/sessions_total = 7
smtp/inet/101/connections = 7
smtp/inet/101/accepted = 5
)");
}

TEST_CASE("the same as JSON, with the numbers of a program in an object of their own") {
  CHECK(
      status_json(example()) ==
      R"({"version": "1.2.3", "pid": 100, "age": 4999, "upgrades": 0, "configuration": "/etc/postern", )"
      R"("generation": 3, "generation_age": 600, "service_count": 1, "process_count": 1, "services": [{"name": "smtp", )"
      R"("type": "inet", "program": "smtpd", "line": 0, "private": 0, "unprivileged": 0, "chroot": 0, )"
      R"("wakeup": 0, "wakeup_if_used": 0, "process_limit": 100, "state": "throttled", "why": "", )"
      R"("started": 9, "failures": 1, "last_failure_age": 3, "throttled_for": 8, "stressed_for": 0, )"
      R"("sessions_before": 40, "last_failure": "killed by signal 11", "addresses": "127.0.0.1:25", )"
      R"("process_count": 1, "sessions": 2, "sessions_total": 47, "processes": [{"pid": 101, )"
      R"("state": "busy", "age": 10, "generation": 2, "rights": "", "descriptors": 12, )"
      R"("descriptor_limit": 1024, "sessions": 2, "sessions_total": 7, )"
      R"("values": {"sessions": 2, "connections": 7, "accepted": 5}}]}]})"
      "\n");
}

TEST_CASE("a reload that has failed since the configuration came in force is told") {
  SystemStatus status = example();
  status.services.clear();
  status.last_load.succeeded = false;
  status.last_load.ended = 4880 * kSecond;
  status.last_load.reason = "/etc/postern/main.cf, line 7: \"no\"";
  CHECK(value_of(status, "master/process/failed_reload") == "/etc/postern/main.cf, line 7: \"no\"");
  CHECK(value_of(status, "master/process/failed_reload_age") == "120");
  CHECK(status_json(status).find(
            R"("failed_reload": {"reason": "/etc/postern/main.cf, line 7: \"no\"", "age": 120})") !=
        std::string::npos);
}

TEST_CASE("what is not known is empty, and null in JSON") {
  SystemStatus status = example();
  status.services[0].report.last_failure_at = 0;
  status.services[0].processes[0].descriptors = std::nullopt;
  CHECK(value_of(status, "smtp/inet/last_failure_age") == "");
  CHECK(value_of(status, "smtp/inet/101/descriptors") == "");
  const std::string json = status_json(status);
  CHECK(json.find(R"("last_failure_age": null)") != std::string::npos);
  CHECK(json.find(R"("descriptors": null, "descriptor_limit": null)") != std::string::npos);
  status.services[0].processes[0].descriptors = Descriptors{12, UINT64_MAX};
  CHECK(value_of(status, "smtp/inet/101/descriptor_limit") == "");
}

TEST_CASE("a service without a row has only what its processes tell") {
  SystemStatus status = example();
  status.services[0].has_row = false;
  status.services[0].report.type = "";
  CHECK(value_of(status, "smtp/-/program") == "smtpd");
  CHECK(value_of(status, "smtp/-/101/state") == "busy");
  CHECK(value_of(status, "smtp/-/state") == "not there");
}

TEST_CASE("what a program writes on its page makes no other name than its own") {
  SystemStatus status = example();
  auto& values = status.services[0].processes[0].row.values;
  values = {{"state", 1}, {"a/b", 2}, {"line\nend", 3}, {"", 4}, {"quote\"", 5}};
  CHECK(value_of(status, "smtp/inet/101/state") == "busy");
  CHECK(value_of(status, "smtp/inet/101/a_b") == "2");
  CHECK(value_of(status, "smtp/inet/101/line?end") == "3");
  CHECK(value_of(status, "smtp/inet/101/-") == "4");
  CHECK(status_json(status).find(
            R"("values": {"state": 1, "a_b": 2, "line?end": 3, "-": 4, "quote\"": 5})") != std::string::npos);
}
