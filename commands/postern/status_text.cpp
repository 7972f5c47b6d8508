#include <algorithm>
#include <set>

#include "commands/postern/status.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

namespace postern::commands {

namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::string two_digits(std::int64_t number) { return concat(number < 10 ? "0" : "", number); }

std::string process_line(const daemon::Row& row, std::int64_t now) {
  std::string line = concat(row.pid, " ", daemon::name_of(row.state), " ", format_age(now - row.started));
  for (const auto& [name, number] : row.values) {
    if (number != 0) line += concat("  ", name, "=", number);
  }
  return line;
}

std::string process_json(const daemon::Row& row, std::int64_t now) {
  JsonObject values;
  for (const auto& [name, number] : row.values) values.add_number(name, static_cast<std::int64_t>(number));
  JsonObject process;
  process.add_number("pid", row.pid).add("state", daemon::name_of(row.state));
  process.add_number("age", (now - row.started) / kSecond).add_number("generation", row.generation);
  return process.put("values", values.text()).text();
}

template <class Names>
std::string listed(const Names& names) {
  std::string all;
  for (const auto& name : names) all += concat(all.empty() ? "" : ", ", name);
  return all;
}

}  // namespace

std::string format_age(std::int64_t micros) {
  const std::int64_t s = std::max<std::int64_t>(micros, 0) / kSecond;
  if (s < 60) return concat(s, "s");
  if (s < 3600) return concat(s / 60, "m", two_digits(s % 60), "s");
  if (s < 86400) return concat(s / 3600, "h", two_digits(s / 60 % 60), "m");
  return concat(s / 86400, "d", s / 3600 % 24, "h");
}

std::string status_text(const SystemStatus& status) {
  std::string text = concat("Postern ", status.version, ", process ", status.master, ", up ",
                            format_age(status.now - status.started), ", ", status.configuration, "\n");
  for (const ServiceStatus& service : status.services) {
    const bool last_service = &service == &status.services.back();
    text += concat(last_service ? "└─ " : "├─ ", service.name, " ", service.type, " ", service.program);
    text += service.processes.empty() ? "  (no process)\n" : "\n";
    for (const daemon::Row& row : service.processes) {
      const bool last = &row == &service.processes.back();
      text += concat(last_service ? "   " : "│  ", last ? "└─ " : "├─ ", process_line(row, status.now), "\n");
    }
  }
  return text;
}

std::string status_json(const SystemStatus& status) {
  JsonArray services;
  for (const ServiceStatus& service : status.services) {
    JsonArray processes;
    for (const daemon::Row& row : service.processes) processes.put(process_json(row, status.now));
    JsonObject object;
    object.add("name", service.name).add("type", service.type).add("program", service.program);
    services.put(object.put("processes", processes.text()).text());
  }
  JsonObject all;
  all.add("version", status.version).add_number("pid", status.master);
  all.add_number("age", (status.now - status.started) / kSecond).add("configuration", status.configuration);
  return all.put("services", services.text()).text() + "\n";
}

Result<std::uint64_t> status_value(const SystemStatus& status, std::string_view query) {
  const auto slash = query.rfind('/');
  if (slash == std::string_view::npos) {
    return fail(Errc::invalid, concat("write SERVICE/NUMBER, as in qmgr/messages: ", query));
  }
  const auto wanted = query.substr(slash + 1);
  std::set<std::string> services, numbers;
  bool found = false, runs = false;
  std::uint64_t sum = 0;
  for (const ServiceStatus& service : status.services) {
    services.insert(service.name);
    if (service.name != query.substr(0, slash)) continue;
    for (const daemon::Row& row : service.processes) {
      runs = true;
      for (const auto& [name, number] : row.values) {
        numbers.insert(name);
        if (name != wanted) continue;
        found = true;
        sum += number;
      }
    }
  }
  if (!services.contains(std::string(query.substr(0, slash)))) {
    return fail(Errc::not_found, concat("no such service: ", query, " (there are: ", listed(services), ")"));
  }
  if (runs && !found) {
    return fail(Errc::not_found, concat("no such number: ", query, " (there are: ", listed(numbers), ")"));
  }
  return sum;
}

}  // namespace postern::commands
