#include "lib/daemon/log_keeper.h"

#include <algorithm>

#include "lib/base/log.h"

namespace postern::daemon {

namespace {

// A log daemon that is only slow has room again soon; one that is away can be asked more seldom.
constexpr Duration kFirstPause = milliseconds(10);
constexpr Duration kLastPause = seconds(1);

}  // namespace

LogKeeper::LogKeeper(net::Loop& loop, Counter lost)
    : Timer(loop), loop_(loop), lost_(lost), pause_(kFirstPause) {
  lost_.set(log::lost_in_all());
  loop.before_sleep([this] { look(); });
}

void LogKeeper::look() {
  log::flush();
  if (log::lost_in_all() != lost_.get()) lost_.set(log::lost_in_all());
  if (!log::waiting()) {
    pause_ = kFirstPause;
    return;
  }
  if (is_armed()) return;
  arm(loop_.in(pause_));
  pause_ = std::min(2 * pause_, kLastPause);
}

}  // namespace postern::daemon
