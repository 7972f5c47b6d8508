// What is left of root's powers in a program that stays root. Numbers are those of capabilities(7); a set is a mask.
#pragma once

#include <cstdint>

#include "lib/base/result.h"
#include "lib/daemon/rights.h"

namespace postern::daemon {

// The capabilities that these rights need of root: to take the identity of recipients, to make and give away their
// files, and to end the commands that run as them. None for any other program.
std::uint64_t capabilities_for(const Rights& rights);

// Those that this thread has in force.
Result<std::uint64_t> capabilities_in_force();

// Takes all but `kept` out of the bounding set: no program that is started from here can get them. Nothing
// happens without the right to do it, which is no loss: who lacks it is not root.
void bound_capabilities(std::uint64_t kept);

// Gives up all but `kept`, for this thread and those it starts. Fails as capset(2).
Result<void> keep_capabilities(std::uint64_t kept);

}  // namespace postern::daemon
