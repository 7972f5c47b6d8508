// What holds a process, in words.
#pragma once

#include <string>

#include "lib/daemon/scoreboard_reader.h"

namespace postern::control {

// "postfix, chroot, no-new-privs, landlock 4, seccomp"; empty when the process has not entered its jail yet.
std::string rights_of(const daemon::Row& process);

// Whether rights_of tells this number of a page, so that nobody need read it as such.
bool is_of_rights(std::string_view name);

}  // namespace postern::control
