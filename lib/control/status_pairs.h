// The status of a running system as pairs of a name and a value. JSON, the queries of scripts and postconf's view are made
// of them; docs/status.md explains each name. A name that is there once stays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/control/status.h"

namespace postern::control {

struct StatusPair {
  std::string name;
  std::string value;  // empty: there is none
  bool is_number = false;
};
using StatusPairs = std::vector<StatusPair>;

StatusPairs pairs_of(const SystemStatus& status);
StatusPairs pairs_of(const ServiceStatus& service, std::int64_t now);
// What is the same for every process.
StatusPairs pairs_of(const ProcessStatus& process, std::int64_t now);
// The numbers that this program tells of itself.
StatusPairs numbers_of(const ProcessStatus& process);

// The place of a pair, outermost first, and the pair: {"smtp", "inet"} of a service, {"smtp", "inet", "4711"} of a
// process, {"master", "process"} of the system itself.
struct PlacedPair {
  std::vector<std::string> place;
  StatusPair pair;
};

// "smtp/inet/4711/sessions".
std::string full_name(const PlacedPair& pair);

// All pairs: the system, then each service, followed by its processes.
std::vector<PlacedPair> all_pairs(const SystemStatus& status);

// All of it as one JSON object, in one line.
std::string status_json(const SystemStatus& status);

}  // namespace postern::control
