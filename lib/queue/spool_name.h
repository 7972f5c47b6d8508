// The name of a message's spool file, within the spool directory.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace postern::queue {

inline std::string spool_name(std::int64_t id) {
  char out[24];
  std::snprintf(out, sizeof out, "%016llX", static_cast<unsigned long long>(id));
  return out;
}

}  // namespace postern::queue
