// The log of a process with a loop: written before the loop sleeps, and tried again while its receiver is slow or away.
#pragma once

#include <string_view>

#include "lib/daemon/own_page.h"
#include "lib/net/loop.h"

namespace postern::daemon {

// On the scoreboard: lines that were lost, and those that wait, or are lost and not yet spoken of: when the process ends
// master speaks of them.
inline constexpr std::string_view kLogLost = "log_lost";
inline constexpr std::string_view kLogUnsaid = "log_unsaid";

class LogKeeper : net::Timer {
 public:
  // Must live as long as the loop runs.
  explicit LogKeeper(net::Loop& loop, Counter lost = {}, Counter unsaid = {});

 private:
  void time_came() override {}  // the loop is awake: that is all
  void look();

  net::Loop& loop_;
  Counter lost_, unsaid_;
  Duration pause_;
};

}  // namespace postern::daemon
