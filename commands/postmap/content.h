// Values that are files (-F): kept in base64.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace postern::postmap {

// The content of the files that a value names, "a, b", one after the other, in base64. Fails as reading does.
Result<std::string> encoded_files(std::string_view names);

// Fails with invalid on what is no base64.
Result<std::string> decoded(std::string_view text);

}  // namespace postern::postmap
