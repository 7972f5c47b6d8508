// Shows parameters of main.cf: those that are named, or all of the classes that are asked for.
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/configuration.h"
#include "postconf/output.h"

namespace postern::postconf {

// A name that is not known gets a warning. Fails when a value cannot be expanded.
Result<void> show_main(const Request& request, const Configuration& configuration, Output& output);

}  // namespace postern::postconf
