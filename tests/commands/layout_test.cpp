#include "commands/postern/layout.h"

#include <doctest/doctest.h>

using namespace postern::commands;

namespace {

using Texts = std::vector<std::string>;

Texts at(std::size_t width, const std::string& text, const std::string& guide = "",
         const std::string& under = "") {
  return laid_out({{guide, under, text}}, {width, false});
}

}  // namespace

TEST_CASE("columns are characters, and styles take none") {
  CHECK(columns_of("├─ é") == 4);
  CHECK(columns_of(styled(Style::bad, "four")) == 4);
  CHECK(padded("é", 3) == "é  ");
  CHECK(padded("long", 3) == "long");
}

TEST_CASE("a line is folded at blanks, with the guides of what is below") {
  CHECK(at(0, "one two three") == Texts{"one two three"});
  CHECK(at(18, "one two three four", "├─ ", "│    ") == Texts{"├─ one two three", "│    four"});
  CHECK(at(15, "one two  three four") == Texts{"one two  three", "four"});
  CHECK(at(13, "one two three") == Texts{"one two three"});
  CHECK(at(20, "") == Texts{""});
  CHECK(at(20, "end  ") == Texts{"end"});
}

TEST_CASE("a word that is wider than the canvas is cut, between characters") {
  CHECK(at(10, "ääääääääääbb") == Texts{"ääääääääää", "bb"});
  CHECK(at(1, "abcdefghijkl", "├─ ", "") == Texts{"├─ abcdefghij", "kl"});
}

TEST_CASE("colours end with each line and begin again in the next, and guides have none") {
  const std::string text = "one " + styled(Style::bad, "two three four");
  CHECK(laid_out({{"├ ", "│ ", text}}, {15, true}) ==
        Texts{"├ one \033[1;31mtwo three\033[0m", "│ \033[1;31mfour\033[0m"});
  CHECK(laid_out({{"├ ", "│ ", text}}, {15, false}) == Texts{"├ one two three", "│ four"});
}
