// Runs a lookup that needs no loop: tables in memory answer at once.
#pragma once

#include <doctest/doctest.h>

#include "lib/net/task.h"

namespace postern {

template <class T>
T answer(net::Task<T> task) {
  task.handle().resume();
  REQUIRE(task.done());
  return task.handle().promise().take();
}

}  // namespace postern
