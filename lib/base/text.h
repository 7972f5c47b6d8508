// Small functions on text. ASCII rules only: mail commands, parameters and log lines never follow a locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace postern {

namespace text_detail {
inline void append(std::string& out, std::string_view part) { out += part; }
inline void append(std::string& out, const char* part) { out += part; }
inline void append(std::string& out, char part) { out += part; }
template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
void append(std::string& out, T part) {
  out += std::to_string(part);
}
}  // namespace text_detail

// concat("from=<", sender, ">, size=", 12): one string of all parts; integers in decimal.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (text_detail::append(out, parts), ...);
  return out;
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
// Space, tab, CR, LF, VT, FF: what separates words in configuration files.
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

std::string_view trim(std::string_view text);
std::string lower(std::string_view text);
std::string upper(std::string_view text);
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view text, std::string_view prefix);

// Splits at any run of the separators; empty words do not appear.
std::vector<std::string_view> split_words(std::string_view text, std::string_view separators = " \t\r\n,");
// Splits at each separator; empty fields stay.
std::vector<std::string_view> split_fields(std::string_view text, char separator);

// A decimal number with nothing around it, not negative; nothing on any other character or overflow.
std::optional<std::int64_t> parse_number(std::string_view text);

// For the log: control characters (C0, DEL, and in UTF-8 also C1) and, unless the whole text is valid UTF-8,
// all bytes above 126 become '?', byte by byte. At most `limit` bytes of the text; a UTF-8 character is not
// cut in two.
std::string printable(std::string_view text, std::size_t limit = 2000);

// For a log field that shows what a peer sent: what is not printable ASCII is written as in C, \r \n \t \a \b \f \v \\ or
// with three octal digits, so the result may be four times as long as `limit`, which counts the bytes of the text.
std::string escaped(std::string_view text, std::size_t limit = 100);
// What such a text stands for, also with fewer digits; behind a backslash any other byte stands for itself.
std::string unescaped(std::string_view text);

// True when the bytes are well-formed UTF-8 (RFC 3629), without surrogates or overlong forms.
bool is_utf8(std::string_view text);

}  // namespace postern
