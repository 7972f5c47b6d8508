// From a process that master has started to a program that is not ours, in the order that it must be: session,
// root, user, no-new-privs, limits, descriptors, and then the program.
#pragma once

#include "lib/base/result.h"
#include "support/launch/options.h"

namespace postern::launch {

// Does not return when it succeeds. Without root there is no change of root or user. Fails with the reason, when
// something that is asked for cannot be done or the program cannot be started.
Error become_program(const Options& options);

}  // namespace postern::launch
