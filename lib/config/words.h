// Words of a configuration value, where { } holds together what belongs together.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"

namespace postern::config {

// A list of values: comma or space separated, a { } group kept whole with its braces.
using List = std::vector<std::string>;
// Names and their values, in order.
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kListSeparators = ", \t\r\n\v\f";
constexpr std::string_view kBlanks = " \t\r\n\v\f";

// Splits at any run of separators outside { }. A '}' that closes nothing is an ordinary character.
// Fails with invalid: "missing '}' in "TEXT"".
Result<List> split_braced(std::string_view text, std::string_view separators);
// The same as parts of the text, for who needs to know where they stand.
Result<std::vector<std::string_view>> braced_words(std::string_view text, std::string_view separators);

// What stands between the braces of a word "{ text }", trimmed; a word that does not start with '{' as it is.
// Fails with invalid on text behind the closing brace: "syntax error after '}' in "TEXT"".
Result<std::string> without_braces(std::string_view word);

// The place just behind the '}' that closes the '{' at text[0]; npos when there is none.
std::size_t behind_group(std::string_view text, char open = '{', char close = '}');

}  // namespace postern::config
