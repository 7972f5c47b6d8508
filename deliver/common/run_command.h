// What an agent asks of the process beside it that starts commands (commands.h): run this, or add this to a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/ipc/codec.h"

namespace postern::deliver {

struct RunCommand {
  std::vector<std::string> words;  // argv; the first is looked up in PATH of `environment`
  std::string shell_command;       // for /bin/sh when the first of the words is no program; empty: no shell
  std::vector<std::string> environment;  // NAME=value
  std::int64_t uid = 0;                  // whom it runs as; never root, if we can choose
  std::int64_t gid = 0;
  std::string chroot;      // becomes the root; empty: as it is
  std::string directory;   // where it runs; empty: the queue directory
  std::int64_t limit = 0;  // microseconds
  // In place of a command: the file or, with a final slash, the maildir that the input is added to.
  std::string file;
  std::string sender;     // of the message, for a mailbox file
  std::string head;       // header lines that go before the content
  std::int64_t most = 0;  // bytes of the file; 0: any
  Fd input;               // standard input, or the content for a file
  static constexpr std::string_view name = "run_command";
  static constexpr auto fields = std::tuple{ipc::Field{"word", &RunCommand::words},
                                            ipc::Field{"shell_command", &RunCommand::shell_command},
                                            ipc::Field{"environment", &RunCommand::environment},
                                            ipc::Field{"uid", &RunCommand::uid},
                                            ipc::Field{"gid", &RunCommand::gid},
                                            ipc::Field{"chroot", &RunCommand::chroot},
                                            ipc::Field{"directory", &RunCommand::directory},
                                            ipc::Field{"limit", &RunCommand::limit},
                                            ipc::Field{"file", &RunCommand::file},
                                            ipc::Field{"sender", &RunCommand::sender},
                                            ipc::Field{"head", &RunCommand::head},
                                            ipc::Field{"most", &RunCommand::most}};
  static constexpr auto descriptor = &RunCommand::input;
};

enum class CommandEnding {
  exited,
  signaled,
  time_out,     // it was killed, with all of its group
  not_started,  // `output` says why
};
constexpr CommandEnding last_value(CommandEnding) { return CommandEnding::not_started; }

struct CommandEnded {
  CommandEnding how = CommandEnding::not_started;
  int number = 0;      // exit status, or signal
  std::string output;  // what it wrote to standard output and error, cut
  static constexpr std::string_view name = "command_ended";
  static constexpr auto fields =
      std::tuple{ipc::Field{"how", &CommandEnded::how}, ipc::Field{"number", &CommandEnded::number},
                 ipc::Field{"output", &CommandEnded::output}};
};

using RunCommandCall = ipc::Call<RunCommand, CommandEnded>;

}  // namespace postern::deliver
