// Commands of users, and files of theirs that may be anywhere. An agent serves in its jail, which a command would
// inherit, and which has no way to most files: so a process beside it, started before the jail, runs them. It has root's
// rights and does one thing: what is asked of it with the rights of a user who is not root, in a session and a process
// group of its own, without any descriptor of ours, within a time, and with bounded output. When the agent is gone it
// kills what still runs, and ends.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "deliver/common/mbox_lock.h"
#include "deliver/common/run_command.h"
#include "lib/ipc/connection.h"
#include "lib/net/scope.h"

namespace postern::deliver {

// Output of a command that is kept, in bytes.
inline constexpr std::size_t kMostOutput = 4096;

class Commands {
 public:
  struct Setup {
    bool chroot = false;  // commands have the current directory as root, as the agent will
    std::string host;     // for file names in maildirs
    LockRules locks;      // for mailbox files
  };

  // Starts the process. Call it before there are threads, and before the jail. Fails when there is no room for it.
  static Result<std::unique_ptr<Commands>> start(net::Loop& loop, Setup setup);
  // Lets the process end, and waits for that: nothing is left behind, but of a process that stands still.
  ~Commands();
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  // Runs a command and waits for its end. Fails with lost when the process beside us is gone, or has not done within
  // its time what it should have done about a command that is late. Either is the end of the agent.
  net::Task<Result<CommandEnded>> run(RunCommand what);

 private:
  struct Waiting {
    explicit Waiting(net::Loop& loop) : changed(loop) {}
    net::Event changed;
    Result<CommandEnded> answer = fail(Errc::lost, "");
    bool there = false;
  };

  Commands(net::Loop& loop, Fd connection, pid_t process, Fd handle);
  net::Task<void> receive();
  void leave(std::string_view why);
  void all_lost(std::string_view why);

  net::Loop& loop_;
  std::optional<ipc::Connection> connection_;
  pid_t process_;
  Fd handle_;  // pidfd
  std::map<std::uint64_t, std::shared_ptr<Waiting>> waiting_;
  std::uint64_t last_id_ = 0;
  std::string lost_;  // why nothing more is asked
  net::Scope scope_;
};

}  // namespace postern::deliver
