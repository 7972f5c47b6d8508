// xtext of RFC 3461 4: printable ASCII in which '+', '=' and everything else is written +XX, in upper-case
// hex.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::wire {

// Nothing when the text is not xtext or hides a control character. Bytes above 127 are taken as they are, for
// clients that use SMTPUTF8; lower-case hex is taken too.
std::optional<std::string> decode_xtext(std::string_view text);

std::string encode_xtext(std::string_view text);

}  // namespace postern::wire
