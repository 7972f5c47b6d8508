#include "screen/escape.h"

namespace postern::screen {

std::string in_log(std::string_view text, std::size_t limit) {
  constexpr std::string_view kNamed = "\a\b\f\n\r\t\v\\";
  constexpr std::string_view kNames = "abfnrtv\\";
  std::string shown;
  for (const char c : text) {
    if (shown.size() >= limit) break;
    const auto byte = static_cast<unsigned char>(c);
    if (const auto at = kNamed.find(c); at != std::string_view::npos) {
      shown += '\\';
      shown += kNames[at];
    } else if (byte >= 0x20 && byte < 0x7f) {
      shown += c;
    } else {
      shown += '\\';
      for (const int shift : {6, 3, 0}) shown += static_cast<char>('0' + (byte >> shift & 7));
    }
  }
  shown.resize(std::min(shown.size(), limit));
  return shown;
}

}  // namespace postern::screen
