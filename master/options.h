// The command line of master, as Postfix's master has it.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace postern::master {

struct Options {
  std::string config_directory;  // -c; otherwise MAIL_CONFIG, otherwise the standard one
  bool debug = false;            // -d: leaves standard input, output and error alone
  bool keep_output = false;      // -s: keeps them too, and stays in the foreground
  bool init = false;             // -i: as process 1 of a container, like -s
  bool test = false;             // -t: says by the exit status whether a master runs
  bool background = false;       // -w: the caller's process ends when the services listen, or cannot
  unsigned verbose = 0;          // -v
  seconds lifetime{0};           // -e: ends after so long; 0: never
  int handover_fd = -1;  // -U: takes over from the master before us in this process; with -t: could it?
  int ready_fd = -1;     // -R: gets one byte when the services listen
};

// Fails with invalid.
Result<Options> parse_options(int argc, char** argv);

}  // namespace postern::master
