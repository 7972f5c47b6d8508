// What clients said, as the log shows it.
#pragma once

#include <string>
#include <string_view>

namespace postern::screen {

// The text with everything but printable ASCII written as in C: \r \n \t \a \b \f \v \\ \000; at most `limit` bytes of the
// result.
std::string in_log(std::string_view text, std::size_t limit);

}  // namespace postern::screen
