#include "commands/postern/screening.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

#include "commands/postern/screening_text.h"
#include "lib/base/text.h"

using namespace postern;
using namespace postern::commands;
using screening::Count;

namespace {

constexpr std::int64_t kHour = 3600;
// 2026-11-26 05:41:00 UTC
constexpr std::int64_t kNow = 1795671660;
constexpr std::int64_t kThisHour = kNow / kHour;

ScreeningView example() {
  ScreeningView view;
  view.first = (kThisHour - 24) * kHour;
  view.end = (kThisHour + 1) * kHour;
  const std::pair<std::string_view, std::int64_t> numbers[] = {{"connections", 2000},
                                                               {"pass_new", 20},
                                                               {"pass_old", 100},
                                                               {"pregreet_enforced", 300},
                                                               {"pregreet_dropped", 100},
                                                               {"pregreet_passed", 1500},
                                                               {"dnsbl_ignored", 1},
                                                               {"hangups_before", 640},
                                                               {"too_many_connections", 5},
                                                               {"command_time_limit", 2},
                                                               {"decisions", 1000},
                                                               {"cpu_microseconds", 70'000},
                                                               {"decision_milliseconds", 6'250'000},
                                                               {"cache_found", 90},
                                                               {"cache_not_found", 10},
                                                               {"tarpitted", 3},
                                                               {"tarpit_seconds", 7200},
                                                               {"list:zen.example", 700},
                                                               {"list:dul.example", 900}};
  for (const auto& [name, n] : numbers) view.report.add(name, n);
  view.report.networks = {{"192.0.2.0/24", {500, 400}}, {"2001:db8:7::/48", {9, 8}}};
  return view;
}

bool has_line(const std::string& text, std::string_view words) {
  for (const std::string_view line : split_fields(text, '\n')) {
    std::string squeezed;
    for (const auto word : split_words(line, " ")) squeezed += concat(squeezed.empty() ? "" : " ", word);
    if (squeezed == words) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("A period of screening is the last hours, or from one time until another") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  struct Case {
    std::vector<std::string> words;
    Hours hours;
  };
  const Case cases[] = {
      {{"--last", "24h"}, {kThisHour - 24, kThisHour}},
      {{"--last=90m"}, {(kNow - 5400) / kHour, kThisHour}},
      {{"--last", "2w"}, {kThisHour - 14 * 24, kThisHour}},
      {{"--since", "7d"}, {kThisHour - 7 * 24, kThisHour}},
      {{"--since", "2026-11-26"}, {kThisHour - 5, kThisHour}},
      {{"--since", "2026-11-26 03:30", "--until", "2026-11-26T05:00"}, {kThisHour - 2, kThisHour - 1}},
      {{"--since", "2026-11-25", "--until", "2026-11-26"}, {kThisHour - 29, kThisHour - 6}},
      {{"--until", "1h"}, {0, kThisHour - 1}},
      {{"--last", "1d2h"}, {kThisHour - 26, kThisHour}},
      {{"--last", "5000w"}, {0, kThisHour}},
      {{"--since", "1795654800"}, {1795654800 / kHour, kThisHour}},
      {{"--since", "yesterday", "--until", "today"}, {kThisHour - 29, kThisHour - 6}},
      {{"--since", "2026-11-26 03:30Z", "--until", "now"}, {kThisHour - 2, kThisHour}},
  };
  for (const Case& each : cases) {
    const auto request = parse_screening(each.words, kNow);
    REQUIRE_MESSAGE(request, each.words[0]);
    REQUIRE(request->period);
    CHECK_MESSAGE(request->period->first == each.hours.first, each.words[0]);
    CHECK_MESSAGE(request->period->last == each.hours.last, each.words[0]);
  }
  CHECK_FALSE(parse_screening({}, kNow)->period);
  CHECK(parse_screening({"--json", "--networks", "3"}, kNow)->networks == 3);
}

TEST_CASE("What is no question to screening is refused, and says why") {
  const std::vector<std::string> cases[] = {{"--last"},
                                            {"--last", "24"},
                                            {"--last", "h"},
                                            {"--last", "1y"},
                                            {"--last", "-1h"},
                                            {"--since", "soon"},
                                            {"--since", "24"},
                                            {"--since", "2026-13-01"},
                                            {"--last", "1h", "--since", "2h"},
                                            {"--since", "1h", "--until", "2h"},
                                            {"--networks", "many"},
                                            {"--networks", "1000000"},
                                            {"--file", "/x"},
                                            {"word"},
                                            {"--unknown"},
                                            {"--last", "99999999999999999h"}};
  for (const auto& words : cases) {
    const auto request = parse_screening(words, kNow);
    REQUIRE_FALSE_MESSAGE(request, words[0]);
    CHECK(request.error().kind == Errc::invalid);
  }
}

TEST_CASE("The table of screening shows each share, the lists, the worst networks, and what it cost") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const std::string text = screening_text(example(), {});
  for (const std::string_view line :
       {"Screening from 2026-11-25 05:00 until 2026-11-26 06:00", "connections 2000",
        "passed before (PASS OLD) 100 5.0%", "passed now (PASS NEW) 20 1.0%",
        "spoke before the greeting (PREGREET) 400 20.0%", "known to DNS lists (DNSBL) 1 0.1%",
        "hung up before the greeting 640 32.0%", "turned away: connections of one client 5 0.2%",
        "too slow, too many or too long commands 2 0.1%", "test passed ignored enforced dropped",
        "pregreet 1500 0 300 100", "dnsbl 0 1 0 0", "dul.example 900 45.0%", "zen.example 700 35.0%",
        "192.0.2.0/24 400 500", "2001:db8:7::/48 8 9",
        "1000 decisions, 0.070 ms of processor time each, 6.250 s after the connection on average",
        "90.0% of 100 known to the cache", "the tarpit cost 3 clients 2h00m"}) {
    CHECK_MESSAGE(has_line(text, line), line);
  }
  CHECK(text.find("dul.example") < text.find("zen.example"));
  CHECK(text.find("BARE NEWLINE") == std::string::npos);
  CHECK(text.find("stress") == std::string::npos);
}

TEST_CASE("Without connections there are no shares") {
  const std::string text = screening_text({}, {});
  CHECK(has_line(text, "connections 0"));
  CHECK(has_line(text, "0 decisions"));
  CHECK(text.find('%') == std::string::npos);
  const std::string json = screening_json({});
  CHECK(json.find(R"("cpu_milliseconds_per_decision": null)") != std::string::npos);
}

TEST_CASE("The numbers of screening for programs have all names") {
  const std::string json = screening_json(example());
  for (std::size_t i = 0; i < screening::kCounts; ++i) {
    CHECK(json.find(concat("\"", name_of(static_cast<Count>(i)).name, "\": ")) != std::string::npos);
  }
  CHECK(json.find(R"("cpu_milliseconds_per_decision": 0.070000)") != std::string::npos);
  CHECK(json.find(R"("zen.example": 700)") != std::string::npos);
  CHECK(json.find(R"("network": "192.0.2.0/24", "offences": 400, "connections": 500)") != std::string::npos);
  CHECK(json.find(R"("live": false)") != std::string::npos);
}

TEST_CASE("The processes that run are added up") {
  control::SystemStatus status;
  status.now = 5000 * 1'000'000LL;
  control::ServiceStatus service;
  for (const std::int64_t started : {4000, 3000}) {
    control::ProcessStatus process;
    process.row.program = "screen";
    process.row.started = started * 1'000'000;
    process.row.values = {{"sessions", 2},
                          {"connections", 100},
                          {"pass_new", 7},
                          {"list:zen.example", 3},
                          {"lag_ms", 1},
                          {"network:192.0.2.0/24", 4},
                          {concat("network:10.0.", started % 255, ".0/24"), 5}};
    service.processes.push_back(process);
  }
  control::ProcessStatus other;
  other.row.program = "smtpd";
  other.row.values = {{"connections", 1'000'000}};
  service.processes.push_back(other);
  status.services = {service};
  const auto view = view_of(status, "screen", 2);
  REQUIRE(view);
  CHECK(view->is_live);
  CHECK(view->end - view->first == 2000);
  CHECK(view->sessions == 4);
  CHECK(view->report.of(Count::connections) == 200);
  CHECK(view->report.of(Count::pass_new) == 14);
  CHECK(view->report.lists.at("zen.example") == 6);
  REQUIRE(view->report.networks.size() == 2);
  CHECK(view->report.networks[0].network == "192.0.2.0/24");
  CHECK(view->report.networks[0].visits.offences == 8);
  CHECK(has_line(screening_text(*view, {}), "Screening for 33m20s, 4 sessions now"));
  CHECK(has_line(screening_text(*view, {}), "192.0.2.0/24 8"));
  CHECK_FALSE(view_of(status, "none", 2));
}
