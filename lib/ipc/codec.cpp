#include "lib/ipc/codec.h"

namespace postern::ipc {

namespace {

char letter_of(char c) {
  switch (c) {
    case '\\': return '\\';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\0': return '0';
    default: return 0;
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view value) {
  constexpr std::string_view special("\\\n\r\t\0", 5);
  for (;;) {
    const auto at = value.find_first_of(special);
    out += value.substr(0, at);
    if (at == std::string_view::npos) return;
    out += '\\';
    out += letter_of(value[at]);
    value.remove_prefix(at + 1);
  }
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  for (;;) {
    const auto at = text.find('\\');
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    const char letter = at + 1 < text.size() ? text[at + 1] : ' ';
    switch (letter) {
      case '\\': out += '\\'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case '0': out += '\0'; break;
      default: return fail(Errc::invalid, "bad escape in a value");
    }
    text.remove_prefix(at + 2);
  }
}

}  // namespace postern::ipc
