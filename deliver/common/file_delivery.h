// Adds a message to a file that an alias or a user names, in a process that has the user's rights for good.
#pragma once

#include <string>

#include "deliver/common/mbox_lock.h"
#include "deliver/common/run_command.h"

namespace postern::deliver {

// What `what.file` asks for: a mailbox file, a maildir, or a device such as /dev/null. Returns 0, or writes a status code
// and the reason to standard output, as a command may, and returns 1. A file need not belong to the user, as long as it
// may be written.
int deliver_to_file(const RunCommand& what, const std::string& host, const LockRules& locks);

}  // namespace postern::deliver
