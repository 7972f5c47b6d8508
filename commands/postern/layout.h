// Lines for a person: guides of a tree in front, styles within, folded to the width of a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern::commands {

enum class Style : char { strong = 1, faint, good, warning, bad };

// The text in this style, for the text of a Line. Only what went through printable(): styles are marked by control
// characters.
std::string styled(Style style, std::string_view text);

// The columns that it takes, one for each character.
std::size_t columns_of(std::string_view text);

// The text, filled up with blanks to that many columns.
std::string padded(std::string_view text, std::size_t columns);

struct Line {
  std::string guide;  // in front
  std::string under;  // in front of what does not fit into the first line
  std::string text;
};

struct Canvas {
  std::size_t width = 0;  // in columns; 0: no limit
  bool colours = false;
};

// Without line ends. A line is folded at blanks, or within a word that is wider than the canvas.
std::vector<std::string> laid_out(const std::vector<Line>& lines, const Canvas& canvas);

}  // namespace postern::commands
