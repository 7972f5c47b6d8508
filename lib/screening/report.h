// What screening has counted in a period of the past.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/screening/database.h"

namespace postern::screening {

struct Report {
  struct Network {
    std::string network;
    Visits visits;
  };
  std::map<std::string, std::int64_t, std::less<>> numbers;  // by name_of(Count); those that are not 0
  std::map<std::string, std::int64_t, std::less<>> lists;    // clients that each DNS list knew
  std::vector<Network> networks;                             // the worst first
  std::optional<std::int64_t> first;                         // hour since 1970 of the period that has numbers

  std::int64_t of(Count count) const;
  // A number by its name, of a list behind kListPrefix.
  void add(std::string_view name, std::int64_t n);
};

// Of the hours `first` to `last` (hours since 1970), with at most so many networks.
Result<Report> report_of(Database& database, std::int64_t first, std::int64_t last, int networks);

}  // namespace postern::screening
