// Processes that nobody supervises. What a master that was killed has left behind: they leave by themselves when they
// notice, and may take their time for what they have in hand; the next master gives them less. And what services have
// started and not ended.
#pragma once

#include <string>
#include <vector>

#include "lib/control/processes.h"

namespace postern::master {

class Orphans {
 public:
  Orphans() = default;
  // The processes that some master started for the configuration in `directory`. To be asked before we start any, and
  // when no other master can live: whoever is found is an orphan. Processes that we may not look at are not found.
  static Orphans find(const std::string& directory);

  bool empty() const { return processes_.empty(); }
  // SIGTERM: they end what is in hand, within daemon::kStopLimit. One that is stopped goes on, to see it.
  void ask_to_end() const;
  // Those that are still there, of which the log tells.
  void kill() const;

 private:
  std::vector<control::Process> processes_;
};

}  // namespace postern::master
