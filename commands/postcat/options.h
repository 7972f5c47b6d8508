// The command line of postcat.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace postern::commands {

struct CatRequest {
  std::string directory;
  bool envelope = false, header = false, body = false;  // at least one
  bool offsets = false;
  bool json = false;
  bool help = false;
  std::vector<std::int64_t> ids;
};

inline constexpr std::string_view kCatUsage =
    "usage: postcat [-b (body text)] [-c config_dir] [-e (envelope records)] [-h (header text)] [-o "
    "(offsets)] "
    "[-q (access queue)] [-v] [--json] queue_id...";

// Fails with invalid: what is wrong with it; an empty text: the usage says it.
Result<CatRequest> parse_cat_request(const std::vector<std::string>& words);

}  // namespace postern::commands
