// The processes below us, as /proc shows them: who they are, and how all of them end.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace postern {

// The first 256 KiB of /proc/PID/NAME; "" when the process is gone or does not show it to us.
std::string proc_text(pid_t pid, const char* name);

// Our children, the ended ones too; with those that became ours as orphans. From the kernel's list, which may miss
// one when another ends meanwhile.
std::vector<pid_t> own_children();

// True for one that only waits to be reaped, and for one that does not exist.
bool has_ended(pid_t pid);

struct KilledProcess {
  pid_t pid = -1;
  std::string name;
};

// Kills processes with all that is below them. All are stopped first, again and again until there is no new one, so
// that none can start another in the place of one that dies: also a family that does nothing but fork ends. `roots`
// is asked each time, because orphans of a family that are ours to adopt come to us. Returns who was killed.
std::vector<KilledProcess> kill_families(const std::function<std::vector<pid_t>()>& roots);

}  // namespace postern
