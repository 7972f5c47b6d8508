// Programs that are not ours. Master does not rely on them to give up rights or to end: they are started by
// support/launch, which takes the rights away before they run.
#pragma once

#include <cstddef>

#include "lib/config/params/common_params.h"
#include "master/service.h"
#include "master/spawn.h"

namespace postern::master {

// The name of the program, in daemon_directory.
inline constexpr const char* kLauncher = "launch";

// Leaves the start of a program of ours (daemon::carries_mark) as it is. The start of any other becomes one of
// launch, and is marked as such. `descriptors`: as many as the child gets, from 0 on.
void launch_if_foreign(Start& start, const Service& service, const config::CommonParams& params,
                       std::size_t descriptors);

}  // namespace postern::master
