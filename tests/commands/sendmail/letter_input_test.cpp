#include "commands/sendmail/letter_input.h"

#include <doctest/doctest.h>

using namespace postern::sendmail;

namespace {

std::string taken(std::string_view text, LineEnds ends, bool dots, std::size_t piece) {
  LetterInput input(ends, dots);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) input.feed(text.substr(at, piece), out);
  input.finish(out);
  return out;
}

}  // namespace

TEST_CASE("What becomes of a letter, however it is cut") {
  using enum LineEnds;
  struct Case {
    LineEnds ends;
    bool dots;
    const char* text;
    const char* result;
  };
  const Case cases[] = {
      {always, true, "a\nb\n", "a\nb\n"},
      {always, true, "a\r\nb\rc\r\n", "a\nb\rc\n"},
      {always, true, "a\r\r\n", "a\r\n"},
      {strict, true, "a\r\nb\r\n", "a\nb\n"},
      {strict, true, "a\nb\r\n", "a\nb\r\n"},
      {never, true, "a\r\n", "a\r\n"},
      {always, true, "a\n.\nb\n", "a\n"},
      {always, true, "a\n.\r\nb\n", "a\n"},
      {always, false, "a\n.\nb\n", "a\n.\nb\n"},
      {always, true, "..\n. \n", "..\n. \n"},
      {always, true, "a\n.", "a\n"},
      {always, true, "no end", "no end\n"},
      {always, true, "", ""},
      {always, true, "\n", "\n"},
      {always, true, "From x\n>From y\nFrom: z\nFrom w\n", "From: z\nFrom w\n"},
      {always, true, "a\nFrom x\n", "a\nFrom x\n"},
  };
  for (const Case& c : cases) {
    for (const std::size_t piece : {1, 2, 3, 100}) {
      CAPTURE(c.text);
      CAPTURE(piece);
      CHECK(taken(c.text, c.ends, c.dots, piece) == c.result);
    }
  }
}

TEST_CASE("A line without end is not held as a whole") {
  const std::string line(500'000, 'x');
  LetterInput input(LineEnds::always, true);
  std::string out;
  input.feed(line + "\r", out);
  CHECK(out.size() > 400'000);
  input.feed("\n.\nmore", out);
  input.finish(out);
  CHECK(out == line + "\n");
}
