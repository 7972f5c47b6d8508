// The lists of what this system supports: table types, locks, SASL, TLS.
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/output.h"

namespace postern::postconf {

// The exit status: 1, and a warning, for a fact about TLS that there is not. Fails with not_found on one that
// this version cannot tell.
Result<int> show_list(const Request& request, Output& output);

}  // namespace postern::postconf
