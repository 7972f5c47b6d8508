#include "lib/base/json.h"

#include "lib/base/text.h"

namespace postern {

std::string json_string(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  const bool clean = is_utf8(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += concat("\\u00", kDigits[byte >> 4], kDigits[byte & 15]);
    } else {
      out += byte > 0x7e && !clean ? '?' : c;
    }
  }
  return out + '"';
}

JsonObject& JsonObject::put(std::string_view name, std::string_view json) {
  if (!inside_.empty()) inside_ += ", ";
  inside_ += concat(json_string(name), ": ", json);
  return *this;
}

void JsonArray::put(std::string_view json) {
  if (!inside_.empty()) inside_ += ", ";
  inside_ += json;
}

}  // namespace postern
