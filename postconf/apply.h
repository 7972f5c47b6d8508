// --apply: what a file says both configuration files should say.
//
// Lines of name=value, with comments and continuation lines as in main.cf; or JSON: objects whose members are names and values,
// one after the other or in an array. A value is a text, a number, true (yes), false (no), or null, which removes the name. The
// members "main.cf" and "master.cf" may hold such objects in turn. Names are those of names.h, so that what -j shows can be given back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "postconf/arguments.h"

namespace postern::postconf {

constexpr std::size_t kLongestApplied = 16u << 20;

// The steps in the order of the text. Fails with invalid; the text names the path, and the line or the name.
Result<std::vector<Step>> read_steps(std::string_view text, const std::string& path);

// Reads the file, or standard input for "-". Also fails as read_file.
Result<std::vector<Step>> read_steps_of(const std::string& path);

}  // namespace postern::postconf
