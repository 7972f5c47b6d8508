#include "lib/check/programs.h"

#include <doctest/doctest.h>

using namespace postern::check;

TEST_CASE("programs that are part of others say where") {
  CHECK(folded_into("trivial-rewrite"));
  CHECK(folded_into("proxymap"));
  CHECK_FALSE(folded_into("smtpd"));
  CHECK(is_known_program("bounce"));
  CHECK_FALSE(is_known_program("bunce"));
  CHECK(likely_program("bunce") == ": did you mean bounce?");
  CHECK(likely_program("quite-another").empty());
}
