// How long a service whose program fails must wait before it gets the next process.
#pragma once

#include <algorithm>

#include "lib/base/time.h"

namespace postern::master {

// One mishap costs next to nothing, a program that is broken is tried ever more rarely.
class Throttle {
 public:
  static constexpr Duration kFirst = milliseconds(100);

  // After one more failure: twice as long as after the one before, at most `most`.
  Duration after_failure(Duration most) {
    next_ = next_ == Duration::zero() ? kFirst : 2 * next_;
    next_ = std::min(next_, most);
    return next_;
  }
  // A process did its job: the next failure is the first one again.
  void forget() { next_ = Duration::zero(); }
  Duration last() const { return next_; }

 private:
  Duration next_{};
};

}  // namespace postern::master
