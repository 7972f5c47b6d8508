// The command line of launch, which master/launcher.cpp writes:
//   launch -k NUMBER [-u USER] [-r DIRECTORY] -- PATH NAME [ARGUMENT…]
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace postern::launch {

struct Options {
  int keep = 0;                    // -k: descriptors below this number stay open, all others are closed
  std::string user;                // -u: become this user; "": stay who we are
  std::string root;                // -r: make this directory the root; "": do not
  std::string path;                // of the program, as it is seen below the new root
  std::vector<std::string> words;  // its argv, its name first
};

// `words` is argv without launch itself. Fails with invalid.
Result<Options> parse_options(const std::vector<std::string>& words);

}  // namespace postern::launch
