// Texts of which only parts are known: '*' stands for any bytes.
#pragma once

#include <string_view>

namespace postern::deliver {

inline bool like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0, in = 0, star = pattern.npos, retry = 0;
  while (at < text.size()) {
    if (in < pattern.size() && pattern[in] == '*') {
      star = in++;
      retry = at;
    } else if (in < pattern.size() && pattern[in] == text[at]) {
      ++in;
      ++at;
    } else if (star != pattern.npos) {
      in = star + 1;
      at = ++retry;
    } else {
      return false;
    }
  }
  while (in < pattern.size() && pattern[in] == '*') ++in;
  return in == pattern.size();
}

}  // namespace postern::deliver
