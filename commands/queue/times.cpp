#include "commands/queue/times.h"

#include <algorithm>
#include <ctime>

#include "lib/base/text.h"

namespace postern::commands {

std::string age_text(std::int64_t micros) {
  const std::int64_t s = std::max<std::int64_t>(micros, 0) / 1'000'000;
  if (s < 60) return concat(s, "s");
  if (s < 3600) return concat(s / 60, "m");
  const std::int64_t minutes = s / 60 % 60;
  if (s < 86400) return concat(s / 3600, "h", minutes < 10 ? "0" : "", minutes, "m");
  return concat(s / 86400, "d", s / 3600 % 24, "h");
}

std::string date_text(std::int64_t wall) {
  const std::time_t moment = wall / 1'000'000;
  std::tm local{};
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", ::localtime_r(&moment, &local));
  return text;
}

}  // namespace postern::commands
