// Commands that are not part of the mail system: what they see, whom they run as, and how they end.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/daemon/jail.h"

namespace postern::daemon {

// The environment that export_environment describes (chosen_environment). PATH is the system's standard one unless it
// is named too (Postfix sets it in any case).
std::vector<std::string> exported_environment(const std::vector<std::string>& names);

struct CommandPlan {
  std::vector<std::string> words;        // argv; the first is looked up in PATH of `environment`
  std::vector<std::string> environment;  // NAME=value
  int connection = -1;                   // becomes descriptors 0, 1 and 2, which block; nothing else is open
  const Identity* identity = nullptr;    // whom it runs as; or as we are
};

// A command that runs, in a session and a process group of its own. An object that is destroyed while the command
// runs kills its whole group. When we die otherwise, the kernel kills the command.
class Command {
 public:
  // For a process with one thread. Fails when there is no room for a process, and with the reason why the command
  // could not be started.
  static Result<Command> start(const CommandPlan& plan);
  Command(Command&& other) noexcept : pid_(std::exchange(other.pid_, 0)), status_(other.status_) {}
  Command& operator=(Command&&) = delete;
  ~Command();

  pid_t pid() const { return pid_; }
  // Its status, of waitpid(2), once it has ended. After SIGCHLD it is time to ask.
  std::optional<int> ended();
  // To its whole group, as long as it has not ended.
  void send_signal(int number) const;

 private:
  explicit Command(pid_t pid) : pid_(pid) {}
  pid_t pid_;  // 0: moved away
  std::optional<int> status_;
};

}  // namespace postern::daemon
