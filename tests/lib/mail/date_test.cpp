#include "lib/mail/date.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

using namespace postern;

namespace {

// Sets the time zone for the length of a test.
class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    set(name);
  }
  ~Zone() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* name) {
    if (name) {
      setenv("TZ", name, 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
  }
  std::optional<std::string> before_;
};

constexpr std::int64_t kWall = 1'795'406'706'123'456;

}  // namespace

TEST_CASE("a date names day, time and offset") {
  struct {
    const char* zone;
    std::int64_t wall;
    std::string_view want;
  } const cases[] = {
      {"UTC0", kWall, "Mon, 23 Nov 2026 04:05:06 +0000 (UTC)"},
      {"CET-1CEST,M3.5.0,M10.5.0/3", kWall, "Mon, 23 Nov 2026 05:05:06 +0100 (CET)"},
      {"CET-1CEST,M3.5.0,M10.5.0/3", 1'782'950'400'000'000, "Thu,  2 Jul 2026 02:00:00 +0200 (CEST)"},
      {"NST3:30", kWall, "Mon, 23 Nov 2026 00:35:06 -0330 (NST)"},
      {"<+0545>-5:45", kWall, "Mon, 23 Nov 2026 09:50:06 +0545 (+0545)"},
      {"UTC0", 0, "Thu,  1 Jan 1970 00:00:00 +0000 (UTC)"},
      {"UTC0", -1, "Wed, 31 Dec 1969 23:59:59 +0000 (UTC)"},
      {"UTC0", 951'782'400'000'000, "Tue, 29 Feb 2000 00:00:00 +0000 (UTC)"},
  };
  for (const auto& row : cases) {
    const auto& [zone, wall, want] = row;
    CAPTURE(row.zone);
    const Zone use(zone);
    CHECK(mail::format_date(wall) == want);
  }
}

TEST_CASE("the present has a date") {
  const Zone use("UTC0");
  const auto date = mail::format_date();
  CHECK(date.size() == std::string_view("Mon, 23 Nov 2026 04:05:06 +0000 (UTC)").size());
}
