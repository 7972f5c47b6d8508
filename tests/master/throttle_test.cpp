#include "master/throttle.h"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::master;

TEST_CASE("each failure makes the next wait twice as long, up to the limit") {
  Throttle throttle;
  const Duration most = seconds(1);
  CHECK(throttle.after_failure(most) == milliseconds(100));
  CHECK(throttle.after_failure(most) == milliseconds(200));
  CHECK(throttle.after_failure(most) == milliseconds(400));
  CHECK(throttle.after_failure(most) == milliseconds(800));
  CHECK(throttle.after_failure(most) == most);
  CHECK(throttle.after_failure(most) == most);
}

TEST_CASE("a process that did its job makes up for the failures before") {
  Throttle throttle;
  throttle.after_failure(seconds(60));
  throttle.after_failure(seconds(60));
  throttle.forget();
  CHECK(throttle.after_failure(seconds(60)) == milliseconds(100));
}
