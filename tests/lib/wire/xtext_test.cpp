#include "lib/wire/xtext.h"

#include <doctest/doctest.h>

using namespace postern;

TEST_CASE("xtext is decoded") {
  struct {
    std::string_view text, want;
  } const cases[] = {{"", ""},         {"abc", "abc"},   {"a+2Bb", "a+b"},
                     {"+3D+3d", "=="}, {"a+20b", "a b"}, {"\xc3\xa4", "\xc3\xa4"}};
  for (const auto& row : cases) {
    const auto& [text, want] = row;
    CAPTURE(row.text);
    const auto got = wire::decode_xtext(text);
    REQUIRE(got);
    CHECK(*got == want);
  }
}

TEST_CASE("what is not xtext is refused") {
  for (const std::string_view text :
       {"a=b", "a b", "+", "+2", "+2G", "+G2", "a+0Ab", "+00", "+7F", "a\tb", "\x7f"}) {
    CAPTURE(text);
    CHECK_FALSE(wire::decode_xtext(text));
  }
}

TEST_CASE("encoding is undone by decoding") {
  const std::string text = "plain +plus =equals \xe2\x82\xac end";
  CHECK(wire::encode_xtext(text) == "plain+20+2Bplus+20+3Dequals+20+E2+82+AC+20end");
  CHECK(wire::decode_xtext(wire::encode_xtext(text)) == text);
}
