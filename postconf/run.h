// postconf as a function: what the program prints and how it ends.
#pragma once

#include <string>
#include <vector>

#include "postconf/output.h"

namespace postern::postconf {

// The arguments behind the program's name, and the variable MAIL_CONFIG or null. The exit status: 0 for every
// success and every warning, 1 for what ends the program.
int run(const std::vector<std::string>& arguments, const char* mail_config, Output& output);

}  // namespace postern::postconf
