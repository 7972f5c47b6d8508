// Is the configuration good, and is everything there that it speaks of?
#pragma once

#include <string>
#include <vector>

#include "lib/config/settings.h"

namespace postern::commands {

// One line for each: "PATH, line N: what and the offending text".
struct Findings {
  std::vector<std::string> errors;    // the mail system cannot run, or not as it is told
  std::vector<std::string> warnings;  // it runs, but this is hardly what was meant
  std::vector<std::string> notes;     // good to know
};

// Examines both files of the directory, and the programs, users and directories that they name. Changes
// nothing.
Findings check(const std::string& directory);

// The part of it that looks at files, owners and modes.
void check_files(const std::string& directory, const config::Settings& settings, Findings& findings);

}  // namespace postern::commands
