// The text that tables are made of: logical lines, each with the place that messages name.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/table/opening.h"

namespace postern::table {

// The largest source of a table.
inline constexpr std::size_t kLongestSource = 1u << 30;

// Takes one logical line, which is only good for the call, and the number of its first line.
using TakeLine = std::function<void(std::string_view line, std::size_t number)>;

// Calls `take` with each logical line: empty lines and lines whose first character other than white space is '#' are
// ignored; a line that starts with white space continues the one before. One that has nothing to continue is reported
// as a warning, with `path`.
void each_line(std::string_view text, std::string_view path, const TakeLine& take, const Report& report);

// A rule of a regexp:, pcre: or cidr: table, and where it stands: "PATH, line N", or "rule N" of one in place.
struct SourceRule {
  std::string text;
  std::string where;
};
// The rules of a file, or in place: "{ {rule}, {rule} }". Fails as reading the file does, or with invalid.
Result<std::vector<SourceRule>> read_rules(std::string_view argument);

// What stands behind "if" or "endif", in any case; nothing when the line does not begin with this word.
std::optional<std::string_view> behind_word(std::string_view line, std::string_view word);

}  // namespace postern::table
