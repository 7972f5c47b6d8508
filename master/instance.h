// What makes an instance one: its directories, the locks that keep a second master out, the pid file.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/config/params/common_params.h"

namespace postern::master {

class Instance {
 public:
  // Makes the directories that are missing, goes to the queue directory, and takes the locks. Fails with busy
  // when another master holds one, in Postfix's words; a file that nobody holds is no obstacle, and the process
  // id of whoever held it is forgotten.
  static Result<Instance> take(const config::CommonParams& params);

  // The same of a master before us in this process, which hands over its locks.
  static Instance resume(const config::CommonParams& params, Fd pid_lock, Fd data_lock);
  // The descriptors of the locks.
  std::pair<int, int> locks() const { return {pid_lock_.get(), data_lock_.get()}; }
  // True when the master before us has not ended in order: its children may still be about to leave.
  bool follows_a_dead_one() const { return follows_a_dead_one_; }

  // Shows the scoreboard as pid/scoreboard, and writes our process id.
  Result<void> announce(int scoreboard);
  // The first half of it, for a master that took over and whose process id is known.
  Result<void> show_scoreboard(int scoreboard) const;
  // Removes what announce() made.
  void withdraw();

 private:
  std::string pid_path_, board_path_;
  Fd pid_lock_, data_lock_;
  bool follows_a_dead_one_ = false;
};

// For -t: true when a master runs on this queue.
bool is_running(const config::CommonParams& params);

// What cannot be had without root, in words for the log; empty for root.
std::string missing_rights();

}  // namespace postern::master
