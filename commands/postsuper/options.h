// The command line of postsuper.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace postern::commands {

enum class Remedy { remove, requeue, expire, expire_released, hold, release };

// One option: what is done, and to which messages.
struct SuperAction {
  Remedy remedy = Remedy::remove;
  enum class Of { one, from_input, all } of = Of::one;
  std::string id;  // of one, as it was given
};

struct SuperRequest {
  std::string directory;
  std::vector<SuperAction> actions;  // in the order of the line
  std::string where;                 // --where, checked: of all messages those that fit
  std::vector<std::string> queues;   // names of queues; none: all
  bool help = false;
};

inline constexpr std::string_view kSuperUsage =
    "usage: postsuper [-c config_dir] [-d queue_id (delete)] [-e queue_id (expire)] [-f queue_id (expire and "
    "un-hold)] "
    "[-h queue_id (hold)] [-H queue_id (un-hold)] [-r queue_id (requeue)] [-p] [-s] [-v] [--where condition] "
    "[queue...]";

// Fails with invalid: what is wrong with it; an empty text: the usage says it.
Result<SuperRequest> parse_super_request(const std::vector<std::string>& words);

}  // namespace postern::commands
