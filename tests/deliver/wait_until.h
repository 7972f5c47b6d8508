// Runs a loop until something is so. What a turn was still to do is done before the loop sleeps.
#pragma once

#include "lib/net/loop.h"

namespace postern::deliver {

template <class Condition>
void wait_until(net::Loop& loop, Condition condition) {
  for (;;) {
    loop.poll();
    if (condition()) return;
    loop.turn(net::Loop::Wait::yes);
  }
}

}  // namespace postern::deliver
