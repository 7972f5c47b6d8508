// What master.cf says about the command of a spawn service: user=USER[:GROUP] argv=COMMAND ARGUMENT…
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/params/common_params.h"
#include "lib/daemon/jail.h"

namespace postern::spawn {

struct Attributes {
  std::string user, group;         // group "": the user's own
  std::vector<std::string> words;  // the command and its arguments
};

// Reads the words that are left of a command line behind the options. Fails with invalid when user= or argv= is
// missing, or on another attribute.
Result<Attributes> parse_attributes(const std::vector<std::string>& words);

// Whom the command runs as: the user, with one group only. Fails with not_found on an unknown name, and with denied,
// as Postfix insists, for root and for user and groups of the mail system itself.
Result<daemon::Identity> identity_of(const Attributes& attributes, const config::CommonParams& params);

}  // namespace postern::spawn
