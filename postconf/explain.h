// --explain: what a parameter means, from the one table of parameters.
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/configuration.h"
#include "postconf/output.h"

namespace postern::postconf {

// A paragraph, or with -j an object, for each of the words; "*" and "?" are wild. A name that is not known gets a warning with the
// name that is likely meant. Fails with invalid when there are no words.
Result<void> explain(const Request& request, const Configuration& configuration, Output& output);

}  // namespace postern::postconf
