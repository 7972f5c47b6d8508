// A command of an alias or of a user, as it is run.
#pragma once

#include <string>

#include "deliver/common/run_command.h"
#include "deliver/local/step.h"
#include "lib/ipc/messages/deliver.h"

namespace postern::deliver {

// The command with the rights, the environment and the directory that it gets; its input is still missing. Words without
// anything that means something to a shell are run as they are. Fails on a faulty command_execution_directory.
Result<RunCommand> user_command(const Step& step, const LocalSettings& settings, const ipc::Deliver& message,
                                const std::string& command);

// The lines that go before the content.
std::string command_head(const Step& step, const LocalSettings& settings);

}  // namespace postern::deliver
