#include "lib/control/status_pairs.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/control/rights.h"

namespace postern::control {

namespace {

constexpr std::int64_t kSecond = 1'000'000;

StatusPair text(std::string_view name, std::string_view value) {
  return {std::string(name), printable(value), false};
}

template <class Number>
StatusPair number(std::string_view name, Number value) {
  return {std::string(name), std::to_string(value), true};
}

StatusPair age(std::string_view name, std::int64_t since, std::int64_t now) {
  if (since == 0) return {std::string(name), "", true};
  return number(name, std::max<std::int64_t>(now - since, 0) / kSecond);
}

// A second that has begun counts.
StatusPair rest(std::string_view name, std::int64_t until, std::int64_t now) {
  return number(name, std::max<std::int64_t>(until - now + kSecond - 1, 0) / kSecond);
}

// A part of a full name: a program may have written anything on its page.
std::string name_part(std::string_view name) {
  std::string part = printable(name);
  std::replace(part.begin(), part.end(), '/', '_');
  return part.empty() ? "-" : part;
}

// What master has written, with its points in time as what is left, or gone by.
StatusPair shown(const std::pair<std::string, std::string>& pair, std::int64_t now) {
  constexpr std::string_view kAt = "_at", kUntil = "_until";
  const std::string_view name = pair.first;
  if (daemon::is_text(name)) return text(name, pair.second);
  const std::int64_t value = parse_number(pair.second).value_or(0);
  if (name.ends_with(kAt)) return age(concat(name.substr(0, name.size() - kAt.size()), "_age"), value, now);
  if (name.ends_with(kUntil)) {
    return rest(concat(name.substr(0, name.size() - kUntil.size()), "_for"), value, now);
  }
  return number(name, value);
}

StatusPairs report_of(const ServiceStatus& service, std::int64_t now) {
  const daemon::ServiceReport& report = service.report;
  if (!service.has_row) return {text("name", report.name), text("type", ""), text("program", report.program)};
  StatusPairs pairs;
  for (const auto& pair : daemon::pairs_of(report)) pairs.push_back(shown(pair, now));
  return pairs;
}

void place(std::vector<PlacedPair>& all, const std::vector<std::string>& at, StatusPairs pairs) {
  for (StatusPair& pair : pairs) all.push_back({at, std::move(pair)});
}

// The numbers of the program whose name is not taken by what every process has.
void place_numbers(std::vector<PlacedPair>& all, const std::vector<std::string>& at, const StatusPairs& fixed,
                   StatusPairs numbers) {
  for (StatusPair& pair : numbers) {
    const bool is_there = std::any_of(fixed.begin(), fixed.end(),
                                      [&](const StatusPair& other) { return other.name == pair.name; });
    if (!is_there) all.push_back({at, std::move(pair)});
  }
}

}  // namespace

StatusPairs pairs_of(const SystemStatus& status) {
  const daemon::LoadReport& load = status.last_load;
  std::size_t processes = 0;
  for (const ServiceStatus& service : status.services) processes += service.processes.size();
  return {text("version", status.version),
          number("pid", status.master),
          age("age", status.started, status.now),
          number("upgrades", status.upgrades),
          text("configuration", status.configuration),
          number("generation", load.generation),
          age("generation_age", load.in_force_since, status.now),
          text("failed_reload", status.reload_failed() ? load.reason : ""),
          age("failed_reload_age", status.reload_failed() ? load.ended : 0, status.now),
          number("service_count", status.services.size()),
          number("process_count", processes)};
}

StatusPairs pairs_of(const ServiceStatus& service, std::int64_t now) {
  StatusPairs pairs = report_of(service, now);
  pairs.push_back(number("process_count", service.processes.size()));
  pairs.push_back(number("sessions", service.sessions()));
  pairs.push_back(number("sessions_total", service.sessions_total()));
  return pairs;
}

StatusPairs pairs_of(const ProcessStatus& process, std::int64_t now) {
  const daemon::Row& row = process.row;
  const auto& files = process.descriptors;
  const bool is_limited = files && files->limit != UINT64_MAX;
  return {number("pid", row.pid),
          text("state", daemon::name_of(row.state)),
          age("age", row.started, now),
          number("generation", row.generation),
          text("rights", rights_of(row)),
          {"descriptors", files ? std::to_string(files->open) : "", true},
          {"descriptor_limit", is_limited ? std::to_string(files->limit) : "", true},
          number("sessions", process.sessions()),
          number("sessions_total", process.sessions_total())};
}

StatusPairs numbers_of(const ProcessStatus& process) {
  StatusPairs pairs;
  for (const auto& [name, value] : process.row.values) pairs.push_back(number(name_part(name), value));
  return pairs;
}

std::string full_name(const PlacedPair& pair) {
  std::string name;
  for (const std::string& part : pair.place) name += concat(part, "/");
  return name + pair.pair.name;
}

std::vector<PlacedPair> all_pairs(const SystemStatus& status) {
  std::vector<PlacedPair> all;
  place(all, {"master", "process"}, pairs_of(status));
  for (const ServiceStatus& service : status.services) {
    const daemon::ServiceReport& report = service.report;
    // A path keeps its slashes: that is how the service is called.
    const std::string name = printable(report.name.empty() ? "-" : report.name);
    std::vector<std::string> at{name, name_part(report.type)};
    place(all, at, pairs_of(service, status.now));
    at.emplace_back();
    for (const ProcessStatus& process : service.processes) {
      at.back() = std::to_string(process.row.pid);
      const StatusPairs fixed = pairs_of(process, status.now);
      place(all, at, fixed);
      place_numbers(all, at, fixed, numbers_of(process));
    }
  }
  return all;
}

}  // namespace postern::control
