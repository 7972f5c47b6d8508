// postern status: who runs, and how they are doing, from the scoreboard. No process is asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/postern/arguments.h"
#include "lib/daemon/scoreboard.h"

namespace postern::commands {

Result<int> status(const Arguments& arguments);

// A service of master.cf with its processes.
struct ServiceStatus {
  std::string name, type, program;
  std::vector<daemon::Row> processes;
};

// What is shown. `now` and the times in the rows are wall time in microseconds.
struct SystemStatus {
  std::string version, configuration;
  std::uint32_t master = 0;
  std::int64_t started = 0, now = 0;
  daemon::LoadReport last_load;
  std::vector<ServiceStatus> services;
};

// As a tree for people, and as JSON for programs.
std::string status_text(const SystemStatus& status);
std::string status_json(const SystemStatus& status);

// "qmgr/messages": the sum of that number over all processes of the service; 0 while it has none. Fails with
// invalid when the query has no slash, not_found when there is no such service or number; the text lists
// those that are there.
Result<std::uint64_t> status_value(const SystemStatus& status, std::string_view query);

// "42s", "3m07s", "5h12m", "12d3h".
std::string format_age(std::int64_t micros);

}  // namespace postern::commands
