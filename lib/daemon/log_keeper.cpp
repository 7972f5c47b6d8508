#include "lib/daemon/log_keeper.h"

#include <algorithm>

#include "lib/base/log.h"

namespace postern::daemon {

namespace {

// A log daemon that is only slow has room again soon; one that is away can be asked more seldom.
constexpr Duration kFirstPause = milliseconds(2);
constexpr Duration kLastPause = seconds(1);

}  // namespace

LogKeeper::LogKeeper(net::Loop& loop, Counter lost, Counter unsaid)
    : Timer(loop), loop_(loop), lost_(lost), unsaid_(unsaid), pause_(kFirstPause) {
  lost_.set(log::lost_in_all());
  loop.before_sleep([this] { look(); });
}

void LogKeeper::look() {
  log::flush();
  if (log::lost_in_all() != lost_.get()) lost_.set(log::lost_in_all());
  const std::size_t before = unsaid_.get();
  const std::size_t now = log::unsaid();
  if (now != before) unsaid_.set(now);
  if (now < before) pause_ = kFirstPause;  // it reads again
  if (now == 0 || is_armed()) return;
  arm(loop_.in(pause_));
  pause_ = std::min(2 * pause_, kLastPause);
}

}  // namespace postern::daemon
