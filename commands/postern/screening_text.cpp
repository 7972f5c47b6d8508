#include "commands/postern/screening_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "commands/postern/status_text.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

namespace postern::commands {

namespace {

using screening::Count;
using screening::Outcome;
using screening::Report;
using screening::Test;

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::size_t kLabel = 44, kNumber = 11, kShare = 8;
constexpr std::size_t kShownLists = 20;

std::string right(std::string_view text, std::size_t columns) {
  const std::size_t width = columns_of(text);
  return concat(std::string(columns > width ? columns - width : 0, ' '), text);
}

std::string fixed(double number, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
  return text.data();
}

std::optional<double> ratio(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string share(std::int64_t part, std::int64_t whole) {
  const auto found = ratio(part, whole);
  return found ? concat(fixed(100 * *found, 1), "%") : "-";
}

std::string time_text(std::int64_t when) {
  const std::time_t seconds = when;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts);
  return text.data();
}

std::int64_t failed(const Report& report, Test test) {
  return report.of(count_of(test, Outcome::ignored)) + report.of(count_of(test, Outcome::enforced)) +
         report.of(count_of(test, Outcome::dropped));
}

struct Row {
  std::string_view label;
  std::int64_t number = 0;
};

// What became of connections, and what was found out about them: a client may stand in several rows.
std::vector<Row> rows_of(const Report& report) {
  const auto sum = [&report](std::initializer_list<Count> counts) {
    std::int64_t all = 0;
    for (const Count count : counts) all += report.of(count);
    return all;
  };
  return {
      {"allowlisted", report.of(Count::allowlisted)},
      {"passed before (PASS OLD)", report.of(Count::pass_old)},
      {"passed now (PASS NEW)", report.of(Count::pass_new)},
      {"  and told to come back", report.of(Count::told_to_come_back)},
      {"spoke before the greeting (PREGREET)", failed(report, Test::pregreet)},
      {"known to DNS lists (DNSBL)", failed(report, Test::dnsbl)},
      {"hung up before the greeting", report.of(Count::hangups_before)},
      {"hung up after the greeting", report.of(Count::hangups_after)},
      {"sent out of turn (COMMAND PIPELINING)", failed(report, Test::pipelining)},
      {"no SMTP (NON-SMTP COMMAND)", failed(report, Test::non_smtp_command)},
      {"lines without CR (BARE NEWLINE)", failed(report, Test::bare_newline)},
      {"too slow, too many or too long commands",
       sum({Count::command_time_limit, Count::command_count_limit, Count::command_length_limit})},
      {"DATA or BDAT without a recipient", report.of(Count::data_without_recipient)},
      {"denylisted", report.of(Count::denylisted)},
      {"at an address where nobody passes", report.of(Count::allowlist_veto)},
      {"turned away: connections of one client", report.of(Count::too_many_connections)},
      {"turned away: ports busy", sum({Count::servers_busy, Count::screening_busy})},
      {"without a header of the proxy", report.of(Count::proxy_failed)},
      {"given to a server at the greeting", report.of(Count::handed_over)},
      {"given to a server in mid-session", report.of(Count::handed_over_in_session)},
      {"no server for them", report.of(Count::hand_over_failed)},
      {"in the tarpit", report.of(Count::tarpitted)},
  };
}

class Page {
 public:
  explicit Page(const ScreeningView& view) : view_(view), report_(view.report) {}

  std::vector<Line> lines() {
    add(styled(Style::strong, title()));
    connections();
    tests();
    lists();
    networks();
    cost();
    return std::move(lines_);
  }

 private:
  void add(std::string text) { lines_.push_back({"", "  ", std::move(text)}); }
  void heading(std::string_view text) {
    add("");
    add(styled(Style::strong, text));
  }

  std::string title() const {
    if (!view_.is_live)
      return concat("Screening from ", time_text(view_.first), " until ", time_text(view_.end));
    return concat("Screening for ", format_age((view_.end - view_.first) * kMicros), ", ", view_.sessions,
                  view_.sessions == 1 ? " session now" : " sessions now");
  }

  std::int64_t all() const { return report_.of(Count::connections); }

  void connections() {
    add(padded("connections", kLabel) + right(std::to_string(all()), kNumber));
    for (const Row& row : rows_of(report_)) {
      if (row.number == 0) continue;
      add(padded(row.label, kLabel) + right(std::to_string(row.number), kNumber) +
          right(share(row.number, all()), kShare));
    }
  }

  void tests() {
    bool first = true;
    for (const Test test : screening::kAllTests) {
      const std::int64_t passed = report_.of(count_of(test, Outcome::passed));
      if (passed == 0 && failed(report_, test) == 0) continue;
      if (std::exchange(first, false))
        heading("test                  passed    ignored   enforced    dropped");
      std::string line = padded(name_of(test), 17);
      for (const Outcome outcome : {Outcome::passed, Outcome::ignored, Outcome::enforced, Outcome::dropped}) {
        line += right(std::to_string(report_.of(count_of(test, outcome))), kNumber);
      }
      add(line);
    }
  }

  void lists() {
    if (report_.lists.empty()) return;
    heading(concat(padded("DNS list", kLabel), right("clients", kNumber)));
    std::vector<std::pair<std::string, std::int64_t>> sorted(report_.lists.begin(), report_.lists.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (sorted.size() > kShownLists) sorted.resize(kShownLists);
    for (const auto& [list, number] : sorted) {
      add(padded(printable(list, 200), kLabel) + right(std::to_string(number), kNumber) +
          right(share(number, all()), kShare));
    }
  }

  void networks() {
    if (report_.networks.empty()) return;
    heading(concat(padded("network", kLabel), right("offences", kNumber),
                   view_.is_live ? "" : right("connections", kNumber + 2)));
    for (const auto& [network, visits] : report_.networks) {
      std::string line =
          padded(printable(network, 100), kLabel) + right(std::to_string(visits.offences), kNumber);
      if (!view_.is_live) line += right(std::to_string(visits.connections), kNumber + 2);
      add(line);
    }
  }

  void cost() {
    heading("cost");
    const std::int64_t decisions = report_.of(Count::decisions);
    add(concat(decisions, " decisions",
               each(Count::cpu_microseconds, 1000, decisions, " ms of processor time each"),
               each(Count::decision_milliseconds, 1000, decisions, " s after the connection on average")));
    const std::int64_t asked = report_.of(Count::cache_found) + report_.of(Count::cache_not_found);
    if (asked > 0)
      add(concat(share(report_.of(Count::cache_found), asked), " of ", asked, " known to the cache"));
    const std::int64_t questions = report_.of(Count::dns_questions);
    if (questions > 0) {
      add(concat(questions, " questions to DNS lists, ", report_.of(Count::dns_timeouts),
                 " without an answer"));
    }
    const std::int64_t held = report_.of(Count::tarpitted);
    if (held > 0) {
      add(concat("the tarpit cost ", held, held == 1 ? " client " : " clients ",
                 format_age(report_.of(Count::tarpit_seconds) * kMicros)));
    }
    const std::int64_t stress = report_.of(Count::stress_entered);
    if (stress > 0) add(concat("under stress ", stress, stress == 1 ? " time" : " times"));
  }

  std::string each(Count what, double unit, std::int64_t whole, std::string_view words) const {
    const auto found = ratio(report_.of(what), whole);
    return found && *found > 0 ? concat(", ", fixed(*found / unit, 3), words) : "";
  }

  const ScreeningView& view_;
  const Report& report_;
  std::vector<Line> lines_;
};

void add_values(Report& report, const daemon::Row& row) {
  for (const auto& [name, number] : row.values) {
    const auto n = static_cast<std::int64_t>(number);
    if (!name.starts_with(screening::kNetworkPrefix)) {
      report.add(name, n);
      continue;
    }
    const std::string network = name.substr(screening::kNetworkPrefix.size());
    const auto found = std::find_if(report.networks.begin(), report.networks.end(),
                                    [&](const Report::Network& other) { return other.network == network; });
    if (found == report.networks.end()) {
      report.networks.push_back({network, {0, n}});
    } else {
      found->visits.offences += n;
    }
  }
}

}  // namespace

std::optional<ScreeningView> view_of(const control::SystemStatus& status, std::string_view program,
                                     std::size_t networks) {
  ScreeningView view;
  view.is_live = true;
  view.first = view.end = status.now / kMicros;
  bool found = false;
  for (const auto& service : status.services) {
    for (const auto& process : service.processes) {
      if (process.row.program != program) continue;
      found = true;
      view.first = std::min(view.first, process.row.started / kMicros);
      view.sessions += static_cast<std::int64_t>(process.sessions());
      add_values(view.report, process.row);
    }
  }
  if (!found) return std::nullopt;
  auto& worst = view.report.networks;
  std::stable_sort(worst.begin(), worst.end(),
                   [](const auto& a, const auto& b) { return a.visits.offences > b.visits.offences; });
  if (worst.size() > networks) worst.resize(networks);
  return view;
}

std::string screening_text(const ScreeningView& view, const Canvas& canvas) {
  std::string text;
  for (const std::string& line : laid_out(Page(view).lines(), canvas)) text += line + "\n";
  return text;
}

std::string screening_json(const ScreeningView& view) {
  JsonObject json;
  json.add_number("first", view.first)
      .add_number("end", view.end)
      .put("live", view.is_live ? "true" : "false");
  if (view.is_live) json.add_number("sessions", view.sessions);
  for (std::size_t i = 0; i < screening::kCounts; ++i) {
    const auto count = static_cast<Count>(i);
    json.add_number(name_of(count).name, view.report.of(count));
  }
  const auto put = [&](std::string_view name, Count what, double unit) {
    const auto found = ratio(view.report.of(what), view.report.of(Count::decisions));
    json.put(name, found ? fixed(*found / unit, 6) : "null");
  };
  put("cpu_milliseconds_per_decision", Count::cpu_microseconds, 1000);
  put("seconds_to_decision", Count::decision_milliseconds, 1000);
  JsonObject lists;
  for (const auto& [list, number] : view.report.lists) lists.add_number(list, number);
  JsonArray networks;
  for (const auto& [network, visits] : view.report.networks) {
    JsonObject one;
    one.add("network", network).add_number("offences", visits.offences);
    if (!view.is_live) one.add_number("connections", visits.connections);
    networks.put(one.text());
  }
  return json.put("lists", lists.text()).put("networks", networks.text()).text() + "\n";
}

}  // namespace postern::commands
