#include "commands/postern/status.h"

#include <doctest/doctest.h>

#include "commands/postern/status_text.h"
#include "lib/base/text.h"

using namespace postern;
using namespace postern::commands;
using control::ProcessStatus;
using control::ServiceStatus;
using control::SystemStatus;

namespace {

constexpr std::int64_t kSecond = 1'000'000;

using Values = std::vector<std::pair<std::string, std::uint64_t>>;

ProcessStatus process(std::uint32_t pid, daemon::State state, std::int64_t started, Values values) {
  ProcessStatus made;
  made.row.pid = pid;
  made.row.state = state;
  made.row.started = started;
  made.row.generation = 3;
  made.row.values = std::move(values);
  return made;
}

ServiceStatus service(std::string_view name, std::string_view type, std::string_view program,
                      daemon::ServiceState state = daemon::ServiceState::listening) {
  ServiceStatus made;
  made.report.name = name;
  made.report.type = type;
  made.report.program = program;
  made.report.state = name_of(state);
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
  auto smtp = service("smtp", "inet", "smtpd");
  smtp.report.addresses = "127.0.0.1:25 [::1]:25";
  smtp.report.process_limit = 100;
  smtp.report.sessions_before = 12;
  smtp.processes = {
      process(101, daemon::State::busy, 4990 * kSecond,
              {{"sessions", 2}, {"connections", 9}, {"jail_root", 1}, {"accepted", 7}}),
      process(102, daemon::State::available, 4999 * kSecond, {{"sessions", 0}, {"accepted", 1}})};
  auto local = service("local", "unix", "local");
  local.report.addresses = "private/local";
  status.services = {smtp, local};
  return status;
}

// What is said of one service, without the line of the system.
std::string text_of(ServiceStatus service, std::size_t width = 0) {
  SystemStatus status = example();
  status.services = {std::move(service)};
  const std::string text = status_text(status, {width, false});
  return text.substr(text.find('\n') + 1);
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
  CHECK(status_text(example(), {}) ==
        "Postern 1.2.3, process 100, up 1h23m, /etc/postern, generation 3\n"
        "├─ smtp  inet 127.0.0.1:25 [::1]:25 smtpd  2/100 processes  2/21 sessions\n"
        "│  ├─ 101 busy 10s  2/9 sessions  accepted=7\n"
        "│  └─ 102 available 1s  0/0 sessions  accepted=1\n"
        "└─ local unix private/local         local  0 processes  0/0 sessions\n");
}

TEST_CASE("of many numbers of a process the first are shown") {
  SystemStatus status = example();
  Values& values = status.services[0].processes[1].row.values;
  values = {{"sessions", 1}, {"zero", 0}};
  for (int i = 1; i <= 12; ++i) values.emplace_back(concat("n", i), i);
  CHECK(status_text(status, {}).find("  n12=12\n") != std::string::npos);
  values.emplace_back("n13", 13);
  CHECK(status_text(status, {}).find("  n12=12  and 1 more with --json\n") != std::string::npos);
}

TEST_CASE("a narrow terminal folds what does not fit, below its own branch") {
  SystemStatus status = example();
  status.services.pop_back();
  CHECK(status_text(status, {40, false}) ==
        "Postern 1.2.3, process 100, up 1h23m,\n"
        "  /etc/postern, generation 3\n"
        "└─ smtp inet 127.0.0.1:25 [::1]:25 smtpd\n"
        "   │    2/100 processes  2/21 sessions\n"
        "   ├─ 101 busy 10s  2/9 sessions\n"
        "   │    accepted=7\n"
        "   └─ 102 available 1s  0/0 sessions\n"
        "        accepted=1\n");
}

TEST_CASE("a service that is throttled says for how long, and why") {
  auto bad = service("smtp", "inet", "smtpd", daemon::ServiceState::throttled);
  bad.report.throttled_until = 5009 * kSecond + 1;
  bad.report.started = 12;
  bad.report.failures = 1;
  bad.report.last_failure = "exit status 1: no \033 such file";
  bad.report.last_failure_at = 4997 * kSecond;
  CHECK(text_of(bad) ==
        "└─ smtp inet  smtpd  0 processes  0/0 sessions\n"
        "      throttled for another 10s\n"
        "      1 failure in 12 starts, the last 3s ago: exit status 1: no ? such file\n");
}

TEST_CASE("a service that is not served as usual says so") {
  using enum daemon::ServiceState;
  auto stressed = service("smtp", "inet", "smtpd");
  stressed.report.stressed_until = 5030 * kSecond;
  CHECK(text_of(stressed).find("\n      under stress for another 30s\n") != std::string::npos);
  CHECK(text_of(service("smtp", "inet", "smtpd", leaving))
            .find("\n      leaving: finishes what it has in hand\n") != std::string::npos);
  auto gone = service("rewrite", "unix", "trivial-rewrite", folded);
  gone.report.why = "cleanup does it";
  CHECK(text_of(gone) == "└─ rewrite unix  trivial-rewrite\n      folded: cleanup does it\n");
  auto missing = service("x", "unix", "x", not_installed);
  missing.report.why = "/usr/lib/postern/x";
  CHECK(text_of(missing) == "└─ x unix  x\n      not installed: /usr/lib/postern/x\n");
}

TEST_CASE("a process says what is unusual about it") {
  auto smtp = service("smtp", "inet", "smtpd");
  smtp.processes = {process(101, daemon::State::leaving, 4990 * kSecond,
                            {{"jail_root", 1},
                             {"jail_user", 1},
                             {"jail_no_new_privs", 1},
                             {"jail_landlock", 4},
                             {"jail_calls", 1},
                             {"jail_capabilities", 0},
                             {"jail_uid", 0}})};
  smtp.processes[0].row.generation = 2;
  smtp.processes[0].descriptors = control::Descriptors{1000, 1024};
  CHECK(
      text_of(smtp) ==
      "└─ smtp inet  smtpd  1 process  0/0 sessions\n"
      "   └─ 101 leaving 10s  0/0 sessions  (root, chroot, no-new-privs, landlock 4, seccomp)  generation 2  "
      "descriptors 1000/1024, near its limit\n");
}

TEST_CASE("a reload that has failed since the configuration came in force is shown") {
  SystemStatus status = example();
  status.services.clear();
  status.last_load.succeeded = false;
  status.last_load.ended = 4880 * kSecond;
  status.last_load.reason = "/etc/postern/main.cf, line 7: \"no\"";
  CHECK(status_text(status, {}) ==
        "Postern 1.2.3, process 100, up 1h23m, /etc/postern, generation 3\n"
        "the last reload failed 2m00s ago: /etc/postern/main.cf, line 7: \"no\"\n");
}

TEST_CASE("colours only where they are wanted") {
  CHECK(status_text(example(), {0, true}).find('\033') != std::string::npos);
  CHECK(status_text(example(), {0, false}).find('\033') == std::string::npos);
}

TEST_CASE("--watch may have an interval, and a query has a slash") {
  CHECK(!parse_status({})->watch);
  CHECK(parse_status({"--watch"})->watch == seconds(1));
  CHECK(parse_status({"--watch", "5"})->watch == seconds(5));
  CHECK(parse_status({"--watch=0.5", "--json"})->watch == milliseconds(500));
  CHECK(parse_status({"--watch=0.5", "--json"})->json);
  CHECK(parse_status({"smtp/accepted"})->query == "smtp/accepted");
  CHECK(parse_status({"--value=smtp/accepted"})->query == "smtp/accepted");
  for (const char* interval : {"0", "0.01", "86401", "-1", "nan", "inf", "1s", "", "1e9"}) {
    CAPTURE(interval);
    CHECK(!parse_status({std::string("--watch=") + interval}));
  }
  CHECK(!parse_status({"--watch", "smtp/accepted"}));
  CHECK(!parse_status({"--json", "smtp/accepted"}));
  CHECK(!parse_status({"--colour"}));
  CHECK(!parse_status({"smtp/a", "smtp/b"}));
}
