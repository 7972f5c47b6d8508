#include "commands/postmap/content.h"

#include <sys/stat.h>
#include <algorithm>

#include <cerrno>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::postmap {

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encoded(std::string_view text) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(3, text.size()))) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= text.size() ? kDigits[group >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

}  // namespace

Result<std::string> encoded_files(std::string_view names) {
  std::string content;
  for (const auto name : split_words(names)) {
    const std::string path(name);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return fail_errno(concat("open ", path), errno);
    const auto text = read_file(path);
    if (!text) return fail(text.error());
    content += content.empty() ? *text : '\n' + *text;
  }
  return encoded(content);
}

Result<std::string> decoded(std::string_view text) {
  const auto bad = [] { return fail(Errc::invalid, "malformed BASE64 value"); };
  if (text.size() % 4 != 0) return bad();
  std::string out;
  std::uint32_t group = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    const auto place = c == '=' ? 0 : kDigits.find(c);
    if (place == std::string_view::npos || (padding > 0 && c != '=')) return bad();
    if (c == '=') ++padding;
    group = group << 6 | static_cast<std::uint32_t>(place);
    if (++digits % 4 != 0) continue;
    for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>(group >> shift & 255);
    group = 0;
  }
  if (padding > 2) return bad();
  out.erase(out.size() - std::min(padding, out.size()));
  return out;
}

}  // namespace postern::postmap
