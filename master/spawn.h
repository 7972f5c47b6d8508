// Starting a program with exactly the descriptors of the contract.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace postern::master {

struct Start {
  std::string path;
  std::vector<std::string> words;        // argv, the program's name first
  std::vector<std::string> environment;  // NAME=value
  int errors = -1;                       // its standard error; -1: ours
  // The child's descriptors from kLogDescriptor on, in order: log, scoreboard, status, listeners. -1: none.
  std::vector<int> descriptors;
  bool launched = false;  // the program is not ours: it leads a process group of its own (launcher.h)
};

// Starts it with no signal blocked or ignored, and no descriptor but 0, 1, 2 and those named. Fails as
// execve(2).
Result<pid_t> start_program(const Start& start);

}  // namespace postern::master
