// Making a running mail system take its configuration anew, and knowing how that ended.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/control/mail_system.h"

namespace postern::control {

// What is in force after a reload.
struct InForce {
  pid_t master = -1;
  std::uint32_t generation = 0;
};

inline constexpr Duration kLongestReload = seconds(30);

// Tells the master of the system, as it was found when `system` was opened, to reload, and waits until it has reported
// on a load that began after this call and is about the texts of main.cf and master.cf as they stood then, or stand
// now. Others may reload at the same time: each gets the answer for its own texts. Success: every service of these
// texts listens, and a new connection finds no process of the configuration before. Fails with
//   invalid    master refuses the texts, in its own words: the configuration from before is in force
//   not_found  no master runs
//   lost       it ended before it had answered
//   timeout    no answer within the limit; it may still follow the signal later
//   denied     it is not ours to signal or to look at
//   busy       master is of another version, which does not tell how a reload ends, or has its configuration in
//              another directory: nothing was done
Result<InForce> reload(const MailSystem& system, Duration limit = kLongestReload);

}  // namespace postern::control
