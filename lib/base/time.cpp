#include "lib/base/time.h"

#include <cstdio>

namespace postern {

std::int64_t wall_micros() {
  return std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string format_delay(std::int64_t micros) {
  const double value = static_cast<double>(micros < 0 ? 0 : micros) / 1e6;
  char out[32];
  if (value >= 9.95) {
    std::snprintf(out, sizeof out, "%.0f", value);
  } else {
    std::snprintf(out, sizeof out, value >= 0.995 ? "%.1f" : "%.2f", value);
    std::string text = out;
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
  }
  return out;
}

}  // namespace postern
