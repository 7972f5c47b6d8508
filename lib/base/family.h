// Processes as /proc shows them: who descends from whom, and how a whole family ends.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// The first MiB of /proc/PID/NAME; "" when the process is gone or does not show it to us.
std::string proc_text(pid_t pid, const char* name);

// A variable of the environment that the process was started with; nothing when it has none of that name, or does
// not show it to us.
std::optional<std::string> variable_of(pid_t pid, std::string_view name);

// Everybody whom /proc shows.
std::vector<pid_t> all_processes();

// Our children, the ended ones too; with those that became ours as orphans. From the kernel's list, which may miss
// one when another ends meanwhile.
std::vector<pid_t> own_children();

// True for one that only waits to be reaped, and for one that does not exist.
bool has_ended(pid_t pid);

// The processes whose parent this is. All of /proc is read: for our own children own_children() is faster.
std::vector<pid_t> children_of(pid_t parent);

// These, and theirs, and so on: parents come before their children.
std::vector<pid_t> descendants_of(pid_t ancestor);

struct KilledProcess {
  pid_t pid = -1;
  std::string name;
};

// Kills processes with all that is below them. All are stopped first, again and again until there is no new one, so
// that none can start another in the place of one that dies: also a family that does nothing but fork ends. `roots`
// is asked each time, because orphans of a family that are ours to adopt come to us. Returns who was killed.
std::vector<KilledProcess> kill_families(const std::function<std::vector<pid_t>()>& roots);

// The same for all that is below this process, which itself lives on.
void kill_below(pid_t ancestor);

}  // namespace postern
