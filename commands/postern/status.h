// postern status: who runs, and how they are doing, from the scoreboard. No process is asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/postern/arguments.h"
#include "lib/base/time.h"

namespace postern::commands {

Result<int> status(const Arguments& arguments);

// What the words behind `status` ask for.
struct StatusRequest {
  bool json = false;
  std::optional<Duration> watch;     // how often
  std::optional<std::string> query;  // a number, for scripts
};

// Fails with invalid.
Result<StatusRequest> parse_status(const std::vector<std::string>& words);

}  // namespace postern::commands
