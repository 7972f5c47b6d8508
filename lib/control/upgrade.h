// Making a running mail system go on with the programs that are installed now.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/control/mail_system.h"

namespace postern::control {

struct Upgraded {
  pid_t master = -1;  // the same as before
  std::string version;
  std::uint32_t generation = 0;  // of the configuration in force
};

inline constexpr Duration kLongestUpgrade = seconds(30);

// Tells the master of the system to replace itself, in its process, by the master program that stands in
// daemon_directory now, and waits until that one has taken over and no process of the old programs takes another
// connection. Sockets stay open meanwhile, sessions go on to their end. The configuration is read anew, as by a
// reload. Fails with
//   invalid    the new program cannot go on, or refuses the configuration, in its own words: the old one still runs,
//              unless the text says that it does not
//   not_found  no master runs
//   lost       it ended before it had answered
//   timeout    no answer within the limit
//   denied     it is not ours to signal
//   busy       master is too old to know how: nothing was done
Result<Upgraded> upgrade(const MailSystem& system, Duration limit = kLongestUpgrade);

}  // namespace postern::control
