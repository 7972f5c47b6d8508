// The log of a process with a loop: written before the loop sleeps, and tried again while its receiver is slow or away.
#pragma once

#include "lib/daemon/scoreboard.h"
#include "lib/net/loop.h"

namespace postern::daemon {

class LogKeeper : net::Timer {
 public:
  // Shows the number of lines that were lost in `lost`. Must live as long as the loop runs.
  explicit LogKeeper(net::Loop& loop, Counter lost = {});

 private:
  void time_came() override {}  // the loop is awake: that is all
  void look();

  net::Loop& loop_;
  Counter lost_;
  Duration pause_;
};

}  // namespace postern::daemon
