// Shows entries of master.cf, their fields, or their -o settings, in the order of the file.
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/configuration.h"
#include "postconf/output.h"

namespace postern::postconf {

// An entry that several words fit is shown as many times; a word that fits nothing gets a warning. Fails with
// invalid on a word that is no pattern, and when a value cannot be expanded.
Result<void> show_services(const Request& request, const Configuration& configuration, Output& output);

}  // namespace postern::postconf
