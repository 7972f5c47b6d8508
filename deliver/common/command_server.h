// The process beside an agent that starts commands: see commands.h.
#pragma once

#include <string>

#include "deliver/common/mbox_lock.h"
#include "deliver/common/run_command.h"
#include "lib/base/fd.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace postern::deliver {

// Answers RunCommand questions until the other side is gone. Whatever runs then is killed.
void serve_commands(Fd connection, const std::string& host, const LockRules& locks);

// A descriptor of a child (pidfd), which tells of its end. Fails when there is no room for it.
Result<Fd> handle_of(pid_t pid);

// A process that runs one command; it is killed, with its group, when the object dies before its end.
class RunningCommand {
 public:
  // Does not wait for the command: its directory may be on a disk that does not answer, and others wait for theirs. What
  // then kept it from its start is for end() to tell. Fails when there can be no process.
  static Result<RunningCommand> start(const RunCommand& what, const std::string& host,
                                      const LockRules& locks);
  RunningCommand(RunningCommand&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)),
        handle_(std::move(other.handle_)),
        output_(std::move(other.output_)),
        trouble_(std::move(other.trouble_)) {}
  RunningCommand& operator=(RunningCommand&&) = delete;
  ~RunningCommand();

  // Waits for its end, or kills it at the deadline.
  net::Task<CommandEnded> end(net::Loop& loop, Deadline deadline);

 private:
  RunningCommand(pid_t pid, Fd handle, Fd output, Fd trouble)
      : pid_(pid), handle_(std::move(handle)), output_(std::move(output)), trouble_(std::move(trouble)) {}
  net::Task<void> listen(net::Loop& loop, std::string& text);
  bool take_output(std::string& text);

  pid_t pid_;  // 0: it has ended, or was moved away
  Fd handle_;  // pidfd
  Fd output_;
  Fd trouble_;  // of a command: what kept it from its start
};

}  // namespace postern::deliver
