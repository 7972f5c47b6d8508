// How many descriptors a process has open, and how many it may have: /proc/PID tells, also of one that is stopped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::control {

struct Descriptors {
  std::uint64_t open = 0;
  std::uint64_t limit = 0;  // the soft one; UINT64_MAX: none

  // More than nine tenths of the limit.
  bool is_near_limit() const { return open > limit - limit / 10; }
};

// Nothing when the process is gone, or not ours to look at.
std::optional<Descriptors> descriptors_of(pid_t pid);

// The soft limit on open files in the text of /proc/PID/limits.
std::optional<std::uint64_t> limit_in(std::string_view limits);

}  // namespace postern::control
