// The scoreboard as others see it: who runs, and how they are doing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/daemon/contract.h"
#include "lib/daemon/load_report.h"
#include "lib/daemon/scoreboard_memory.h"
#include "lib/daemon/service_report.h"

namespace postern::daemon {

// A child as the scoreboard shows it.
struct Row {
  unsigned slot = 0;
  std::uint32_t pid = 0;
  State state = State::starting;
  std::uint32_t generation = 0;
  std::int64_t started = 0;
  std::uint32_t service_row = scoreboard::kNoRow;  // the key of its service in ScoreboardReader::services()
  std::string program, service;
  std::vector<std::pair<std::string, std::uint64_t>> values;
};

// A service as the scoreboard shows it.
struct ServiceRow {
  std::uint32_t row = 0;
  ServiceReport report;
};

// Reads the scoreboard of a running master. `path` is usually QUEUE_DIRECTORY/pid/scoreboard.
class ScoreboardReader {
 public:
  // Fails with not_found when no master runs, denied, or invalid when it is of another layout.
  static Result<ScoreboardReader> open(const std::string& path);
  // The number of the layout of a scoreboard, also of another version. Fails as open().
  static Result<std::uint32_t> layout(const std::string& path);
  std::uint32_t master() const;
  std::int64_t started() const;
  std::string version() const;
  // The directory of master's configuration; its first 1023 bytes if it is longer.
  std::string configuration() const;
  // How many loads of the configuration have begun, and how the last one that ended did; nothing while master starts.
  std::uint64_t loads_begun() const;
  // How often the running master was replaced by another one in place.
  std::uint32_t upgrades() const;
  std::optional<LoadReport> last_load() const;
  std::vector<Row> rows() const;
  // In the order of master.cf.
  std::vector<ServiceRow> services() const;

 private:
  const scoreboard::Header& header() const;
  Mapping memory_;
};

}  // namespace postern::daemon
