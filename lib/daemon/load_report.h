// What master says on the scoreboard about the last load of its configuration: its start, or a reload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/config/texts.h"
#include "lib/daemon/scoreboard_layout.h"

namespace postern::daemon {

struct LoadReport {
  std::uint64_t number = 0;      // of the load; the start of master is 1
  std::uint32_t generation = 0;  // of the configuration that is in force after it
  std::int64_t ended = 0;        // wall time in microseconds
  std::int64_t in_force_since =
      0;                    // wall time at which that configuration came in force; `ended` if it is this one
  config::Digest digest{};  // of the texts that it is about; zero when one could not be read
  bool succeeded = false;   // every service of these texts listens, and who was to leave accepts no more
  std::string reason;       // otherwise: what is wrong, in the words of the log
};

// For master: replaces the report. A reason of more than kReason bytes is cut.
void write_report(scoreboard::Report& to, const LoadReport& report);

// Nothing when no load has ended yet, or when it is being replaced each time we look.
std::optional<LoadReport> read_report(const scoreboard::Report& from);

}  // namespace postern::daemon
