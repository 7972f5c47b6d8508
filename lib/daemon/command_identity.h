// Whom the command of a service may run as (spawn, pipe).
#pragma once

#include "lib/base/result.h"
#include "lib/config/command_words.h"
#include "lib/config/params/common_params.h"
#include "lib/daemon/jail.h"

namespace postern::daemon {

// The user, with one group only. Fails with not_found on an unknown name, and with denied, as Postfix insists, for root
// and for user and groups of the mail system itself.
Result<Identity> identity_of(const config::CommandWords& command, const config::CommonParams& params);

}  // namespace postern::daemon
