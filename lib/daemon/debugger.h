// Option -D: debugger_command, with this process as its subject.
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "lib/config/settings.h"

namespace postern::daemon {

// Runs the command with /bin/sh and waits for the shell, so that "COMMAND & sleep 5" lets a debugger attach. It sees
// PATH (command_directory and daemon_directory), MAIL_CONFIG, config_directory, process_name and process_id, and none
// of our descriptors but 0, 1 and 2. `command` is expanded already. Fails with invalid when it is empty, and as
// posix_spawn(3); how the command itself ends is logged.
Result<void> run_debugger(const config::Settings& settings, std::string_view command,
                          std::string_view program);

}  // namespace postern::daemon
