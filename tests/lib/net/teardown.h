// Tears a scene down at each of its suspension points: it runs again and again, is destroyed after one turn
// of the loop more each time, and must leave no timer and no descriptor behind. A sanitizer sees the rest.
#pragma once

#include "lib/net/scope.h"
#include "tests/lib/net/support.h"

namespace postern::net::testing {

// A scene has act(), the coroutine that is torn down, and step(n), what the world does before the nth turn.
// Returns the number of turns until the scene ended by itself.
template <class Scene>
int tear_down_everywhere() {
  bool ended = false;
  int turns = 0;
  for (; !ended; ++turns) {
    REQUIRE(turns < 2000);
    const auto before = open_descriptors();
    {
      Loop loop;
      {
        Scene scene(loop);
        Scope scope(loop);
        scope.spawn(scene.act());
        for (int turn = 0; turn < turns && scope.size() > 0; ++turn) {
          scene.step(turn);
          loop.turn(Loop::Wait::no);
        }
        ended = scope.size() == 0;
      }
      CHECK(loop.timers() == 0);
      loop.poll();
    }
    REQUIRE(open_descriptors() == before);
  }
  return turns - 1;
}

}  // namespace postern::net::testing
