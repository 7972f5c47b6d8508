#include "lib/base/text.h"

#include <doctest/doctest.h>

#include <clocale>
#include <limits>

namespace postern {

using Views = std::vector<std::string_view>;

TEST_CASE("concat puts texts, characters and integers together") {
  const std::string sender = "ann@example.com";
  CHECK(concat("from=<", sender, std::string_view(">, size="), 12, ',', ' ', -3, " ",
               std::numeric_limits<std::uint64_t>::max()) ==
        "from=<ann@example.com>, size=12, -3 18446744073709551615");
  CHECK(concat() == "");
  CHECK(concat(std::string_view("a\0b", 3)).size() == 3);
}

TEST_CASE("character classes are those of ASCII, for all 256 bytes") {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    CAPTURE(byte);
    const bool large = byte >= 'A' && byte <= 'Z';
    const bool small = byte >= 'a' && byte <= 'z';
    CHECK(is_blank(c) == (byte == 32 || byte == 9));
    CHECK(is_space(c) == (byte == 32 || (byte >= 9 && byte <= 13)));
    CHECK(is_digit(c) == (byte >= 48 && byte <= 57));
    CHECK(is_alpha(c) == (large || small));
    CHECK(is_alnum(c) == (large || small || (byte >= 48 && byte <= 57)));
    CHECK(to_lower(c) == static_cast<char>(large ? byte + 32 : byte));
    CHECK(to_upper(c) == static_cast<char>(small ? byte - 32 : byte));
  }
}

TEST_CASE("trim takes white space from both ends only") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim("a") == "a");
  CHECK(trim(" \v\f ").empty());
  CHECK(trim("").empty());
  CHECK(trim("\xA0x\xA0") == "\xA0x\xA0");
}

TEST_CASE("case is ASCII's: bytes above 127 stay") {
  CHECK(lower("MAIL From:<\xC4>") == "mail from:<\xC4>");
  CHECK(upper("mail from:<\xE4>") == "MAIL FROM:<\xE4>");
  CHECK(iequals("EHLO", "ehlo"));
  CHECK(iequals("", ""));
  CHECK_FALSE(iequals("EHLO", "EHLO "));
  CHECK_FALSE(iequals("\xC4", "\xE4"));
  CHECK_FALSE(iequals("@", "`"));
  CHECK_FALSE(iequals("[", "{"));
  CHECK(istarts_with("mail from:", "MAIL"));
  CHECK(istarts_with("mail", ""));
  CHECK_FALSE(istarts_with("mai", "MAIL"));
}

TEST_CASE("words are separated by runs, fields by each separator") {
  CHECK(split_words(" a,b ,\tc\r\n") == Views{"a", "b", "c"});
  CHECK(split_words(", ,").empty());
  CHECK(split_words("").empty());
  CHECK(split_words("a:b c", ":") == Views{"a", "b c"});
  CHECK(split_fields("a::b:", ':') == Views{"a", "", "b", ""});
  CHECK(split_fields("a", ':') == Views{"a"});
  CHECK(split_fields("", ':') == Views{""});
}

TEST_CASE("a number has digits only and fits") {
  CHECK(parse_number("0") == 0);
  CHECK(parse_number("0042") == 42);
  CHECK(parse_number("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "9223372036854775808", "99999999999999999999999", "-1", "+1", " 1", "1 ", "1k",
                           "0x10", "1.5", "a"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text).has_value());
  }
  CHECK_FALSE(parse_number(std::string_view("1\0", 2)).has_value());
  CHECK(parse_number(std::string_view("123456", 3)) == 123);
}

TEST_CASE("well-formed UTF-8 is that of RFC 3629") {
  for (const char* text :
       {"", "plain", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "j\xC3\xB6rg"}) {
    CAPTURE(text);
    CHECK(is_utf8(text));
  }
  for (const char* text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF",
                           "\xE0\xA0", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3\xB6\xB6", "a\xE2\x82"}) {
    CAPTURE(text);
    CHECK_FALSE(is_utf8(text));
  }
  CHECK_FALSE(is_utf8(std::string_view("\xE2\x82\xAC", 2)));
  CHECK(is_utf8(std::string_view("\0", 1)));
}

TEST_CASE("printable text cannot break a line or a terminal") {
  CHECK(printable("a\r\nb\tc\x1B[2J\x7F") == "a??b?c?[2J?");
  CHECK(printable(std::string_view("a\0b", 3)) == "a?b");
  CHECK(printable("j\xC3\xB6rg") == "j\xC3\xB6rg");
  CHECK(printable("j\xF6rg") == "j?rg");
  CHECK(printable("ok\xC3\xB6 \xFF") == "ok?? ?");
  CHECK(printable("a\xC2\x9B"
                  "2J\xC2\x80\xC2\x9F") == "a??2J????");
  CHECK(printable("\xC2\xA0") == "\xC2\xA0");
}

TEST_CASE("printable text is cut between characters") {
  CHECK(printable("abcdef", 3) == "abc");
  CHECK(printable("abc", 0).empty());
  CHECK(printable("ab\xC3\xB6", 3) == "ab");
  CHECK(printable("ab\xC3\xB6", 4) == "ab\xC3\xB6");
  CHECK(printable("a\xF0\x9F\x93\xA7z", 4) == "a");
  CHECK(printable("ab\xF6\xF6", 3) == "ab?");
  CHECK(printable(std::string(5000, 'x')).size() == 2000);
}

TEST_CASE("escaped text shows line ends, tabs and backslashes") {
  CHECK(escaped("a\r\nb\tc\\n") == "a\\r\\nb\\tc\\\\n");
  CHECK(escaped("\a\b\v\f\x01\x1B\x7F\xC3\xB6") == "\\a\\b\\v\\f\\001\\033\\177\\303\\266");
  CHECK(escaped(std::string(150, 'x')).size() == 100);
  CHECK(escaped(std::string(150, '\n')).size() == 200);
}

TEST_CASE("escapes read as what they stand for") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(unescaped(escaped(all, all.size())) == all);
  CHECK(unescaped("\\40a\\7b\\1234\\08") == " a\abS4" + std::string(1, '\0') + "8");
  CHECK(unescaped("\\x\\8\\$\\\\n") == "x8$\\n");
  CHECK(unescaped("a\\") == "a\\");
  CHECK(unescaped("").empty());
}

}  // namespace postern
