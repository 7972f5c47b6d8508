#include "lib/base/time.h"

#include <doctest/doctest.h>

#include <ctime>
#include <limits>

namespace postern {

TEST_CASE("delays have two significant digits and two decimals at most") {
  struct Row {
    std::int64_t micros;
    const char* text;
  };
  const Row rows[] = {
      {0, "0"},
      {-5, "0"},
      {4'000, "0"},
      {5'001, "0.01"},
      {20'000, "0.02"},
      {100'000, "0.1"},
      {120'000, "0.12"},
      {990'000, "0.99"},
      {994'000, "0.99"},
      {996'000, "1"},
      {1'000'000, "1"},
      {1'240'000, "1.2"},
      {9'940'000, "9.9"},
      {9'960'000, "10"},
      {10'000'000, "10"},
      {35'400'000, "35"},
      {100'000'000, "100"},
      {432'000'000'000, "432000"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.micros);
    CHECK(format_delay(row.micros) == row.text);
  }
}

TEST_CASE("the extremes of a delay are printed without harm") {
  CHECK(format_delay(std::numeric_limits<std::int64_t>::min()) == "0");
  CHECK(format_delay(std::numeric_limits<std::int64_t>::max()).size() == 13);
}

TEST_CASE("wall time is the system's clock in microseconds") {
  const auto before = static_cast<std::int64_t>(std::time(nullptr)) - 1;
  const auto now = wall_micros();
  const auto after = static_cast<std::int64_t>(std::time(nullptr)) + 1;
  CHECK(now / 1'000'000 >= before);
  CHECK(now / 1'000'000 <= after);
}

}  // namespace postern
