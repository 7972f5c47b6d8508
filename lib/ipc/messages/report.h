// A qmgr that has made room for another one tells it what came of the deliveries that were still in its agents' hands.
// Until then the message is leased to it (docs/formats/queue.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/ipc/codec.h"

namespace postern::ipc {

// A recipient that has a result. The state is that of lib/queue/message.h, as a number.
struct ReportOf {
  std::int64_t number = 0;
  int state = 0;
  std::string dsn;
  std::string reason;
  std::string transport;
  std::string nexthop;
  std::string remote_mta;
  std::string diagnostic;
  int arrival = 0;
  static constexpr auto fields = std::tuple{Field{"number", &ReportOf::number},
                                            Field{"state", &ReportOf::state},
                                            Field{"dsn", &ReportOf::dsn},
                                            Field{"reason", &ReportOf::reason},
                                            Field{"transport", &ReportOf::transport},
                                            Field{"nexthop", &ReportOf::nexthop},
                                            Field{"remote_mta", &ReportOf::remote_mta},
                                            Field{"diagnostic", &ReportOf::diagnostic},
                                            Field{"arrival", &ReportOf::arrival}};
};

struct Report {
  std::int64_t queue_id = 0;
  std::int64_t holder = 0;  // the number of the lease
  std::int64_t due = 0;     // wall microseconds of the next attempt
  int attempts = 0;
  std::vector<ReportOf> recipients;
  static constexpr std::string_view name = "report";
  static constexpr auto fields = std::tuple{
      Field{"queue_id", &Report::queue_id}, Field{"holder", &Report::holder}, Field{"due", &Report::due},
      Field{"attempts", &Report::attempts}, Field{"recipient", &Report::recipients}};
};

// The results are recorded, or the lease was over.
struct Reported {
  bool recorded = false;
  static constexpr std::string_view name = "reported";
  static constexpr auto fields = std::tuple{Field{"recorded", &Reported::recorded}};
};

using ReportCall = Call<Report, Reported>;

}  // namespace postern::ipc
