// The built-in default of every parameter by name, from the declarations in params/*.h and the table
// in unread/.
#pragma once

#include <optional>
#include <string_view>

namespace postern::config {

// Unexpanded; nothing when no such parameter is declared.
std::optional<std::string_view> standard_value(std::string_view name);

}  // namespace postern::config
