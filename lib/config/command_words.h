// What master.cf says about the command of a spawn service: user=USER[:GROUP] argv=COMMAND ARGUMENT…
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/config/words.h"

namespace postern::config {

struct CommandWords {
  std::string user, group;  // group "": the user's own
  List words;               // the command and its arguments
};

// Reads the words behind the options of a service. Fails with invalid when user= or argv= is missing, or on another
// attribute.
Result<CommandWords> parse_command_words(const List& operands);

}  // namespace postern::config
