// A running mail system as its scoreboard shows it: what is in force, not what the files say. No process is asked, so the
// answer comes whatever they are doing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/control/descriptors.h"
#include "lib/control/mail_system.h"
#include "lib/daemon/scoreboard_reader.h"

namespace postern::control {

struct ProcessStatus {
  daemon::Row row;
  std::optional<Descriptors> descriptors = {};

  // The number of that name; 0 when the process has not told any.
  std::uint64_t value(std::string_view name) const;
  std::uint64_t sessions() const { return value("sessions"); }
  std::uint64_t sessions_total() const { return value("connections"); }
};

struct ServiceStatus {
  daemon::ServiceReport report;
  bool has_row = true;  // false: there are more services than rows, and only its name and program are known
  std::vector<ProcessStatus> processes = {};

  std::uint64_t sessions() const;
  // Those of its present processes and of all before, since master started.
  std::uint64_t sessions_total() const;
};

// Times are wall time in microseconds.
struct SystemStatus {
  std::string version, configuration;
  std::uint32_t master = 0;
  std::uint32_t upgrades = 0;  // in place
  std::int64_t started = 0, now = 0;
  daemon::LoadReport last_load;
  std::vector<ServiceStatus> services;

  bool reload_failed() const { return !last_load.succeeded && last_load.number > 0; }
};

// Of the master that runs the system now. Fails with not_found: "the mail system is not running", denied, or invalid when
// master is of another version.
Result<SystemStatus> look(const MailSystem& system);

// The same of a scoreboard, without the descriptors. Processes of a service without a row come last, under the name of
// the service that stands on their page.
SystemStatus status_of(const daemon::ScoreboardReader& board);

// "qmgr/messages", "smtp/inet/sessions_total": a number of a service, or the sum of that number over all its processes; 0
// while it has none. The type may be left out, and services that share a name are then summed. The system itself is
// "master/process". Fails with invalid when the query has no slash, not_found when there is no such service or number;
// the text lists those that are there.
Result<std::uint64_t> status_value(const SystemStatus& status, std::string_view query);

}  // namespace postern::control
