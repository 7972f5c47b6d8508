// What an edit did to a file, line by line: to show it, to keep it, and to take it back. The lines know where they
// stood before (Lines::origin), so nothing has to be guessed and the cost is that of one pass.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/lines.h"

namespace postern::config {

// Lines that went, and lines that came in their place, each with its end of line.
struct Hunk {
  std::size_t before = 0, after = 0;  // where the first of them stood and stands, from 0
  std::vector<std::string> removed, added;
  std::string context = {};  // the line in front of them; empty at the start of the file
};

// `before` is the text that `after` was parsed from. Hunks come in the order of the file.
std::vector<Hunk> difference(const Lines& before, const Lines& after);

// The hunks as a unified diff with three lines of context, as patch(1) reads it; empty when there are none. `name` stands in
// both lines of its head.
std::string unified_diff(const Lines& before, const std::vector<Hunk>& hunks, std::string_view name);

// Takes the hunks back: the lines that came go, and those that went return. A hunk whose lines moved as a whole is
// found where they are now, if there is one such place. Fails with invalid ("PATH, line N: ...") when the lines that
// came are no longer there; `lines` is then as before.
Result<void> take_back(Lines& lines, const std::vector<Hunk>& hunks, const std::string& path);

// The other way: the hunks happen again. Fails as take_back.
Result<void> repeat(Lines& lines, const std::vector<Hunk>& hunks, const std::string& path);

}  // namespace postern::config
