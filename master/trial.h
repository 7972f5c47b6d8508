// A dry run of the program that is to take over: it reads what it would be handed and the configuration, and says
// whether it could go on with that.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace postern::master {

// What a successor writes to its standard error when the dry run succeeded.
inline constexpr std::string_view kCouldTakeOver = "could take over";

// Starts PROGRAM -t -U 3 -c DIRECTORY, with the handover as descriptor 3, and waits for its word. Fails with its last
// line, or with what became of it; it has ended then, or was killed.
net::Task<Result<void>> try_successor(net::Loop& loop, std::string program, std::string directory,
                                      int handover);

}  // namespace postern::master
