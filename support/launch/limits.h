// What a program that is not ours may use up.
#pragma once

#include <sys/resource.h>

#include <optional>

#include "lib/base/result.h"

namespace postern::launch {

// Processes and threads that its user may have beyond those that there are when it starts: what the program and
// all that it starts can add.
inline constexpr rlim_t kMoreProcesses = 128;
// Descriptors that it may have open at a time, and how many it has until it asks for more.
inline constexpr rlim_t kMostDescriptors = 4096;
inline constexpr rlim_t kDescriptors = 1024;

// How many processes and threads the kernel counts for our user, wherever they are: in other containers too, or
// hidden from /proc. Tries at which limit a process can be started. Nothing for a user whom no limit binds, and
// when no process can be started at all.
std::optional<rlim_t> processes_of_user();

// Processes, descriptors, no core dumps; never more than before. As the user that the program will run as.
// Fails as setrlimit(2).
Result<void> set_limits();

}  // namespace postern::launch
