// Sessions per second, between two looks at a running system.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "lib/control/status.h"

namespace postern::commands {

class Rates {
 public:
  // The look that is about to be shown; rates are those since the look before.
  void look(const control::SystemStatus& status);
  // Nothing at the first look, and of what was not there at the one before.
  std::optional<double> of(const control::ServiceStatus& service) const;
  std::optional<double> of(const control::ProcessStatus& process) const;

 private:
  struct Look {
    std::int64_t at = 0;  // 0: none
    std::int64_t master_started = 0;
    std::map<std::string, std::uint64_t> totals;
  };
  std::optional<double> rate(const std::string& key, std::uint64_t total) const;
  Look before_, now_;
};

// "0.4/s", "12/s".
std::string format_rate(double rate);

}  // namespace postern::commands
