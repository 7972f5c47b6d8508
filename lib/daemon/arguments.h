// The command line of a child: what master says about the service, then what master.cf says. The shape is the
// one that Postfix's master uses: `program [-l|-z] [-n SVC] -t TYPE [-u] [-c] [-v…] [-D] -o stress= -s N
// [args…]`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"

namespace postern::daemon {

struct Arguments {
  // The process limit as a program may insist on it: exactly one (-l), none (-z), or any other.
  enum class Limit { one, none, other };

  std::string service;  // -n: the name of the master.cf entry; the program's name when it is the same
  std::string type;     // -t: inet, unix, unix-dgram, fifo or pass
  Limit limit = Limit::other;
  bool unprivileged = false;  // -u: become mail_owner
  bool chroot = false;        // -c: with the queue directory as root
  bool debug = false;         // -D
  unsigned verbose = 0;       // -v, each time
  unsigned listeners = 1;     // -s: listening descriptors from kFirstListener on
  std::vector<std::pair<std::string, std::string>> overrides;  // -o name=value, in order; the last one wins
  std::vector<std::string> rest;                               // what is left for the program
};

// Reads a child's command line. `words` is argv without the program itself. Fails with invalid on an unknown
// option, a missing or ill-formed value, or when -t is missing.
Result<Arguments> parse_arguments(const std::vector<std::string>& words, std::string_view program);

// The words that parse_arguments reads back, without `rest` and with `-o stress=VALUE` for `stress`; master
// appends the arguments of master.cf.
std::vector<std::string> format_arguments(const Arguments& arguments, std::string_view program,
                                          std::string_view stress);

// The `name = value` of a -o argument. Fails with invalid when there is no name or no "=".
Result<std::pair<std::string, std::string>> parse_override(std::string_view text);

}  // namespace postern::daemon
