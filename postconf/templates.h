// The texts of delivery status notifications, as they are written (-t) or as they read in use (-b).
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/output.h"

namespace postern::postconf {

// Shows the file that the request names (an empty name is the built-in templates), or else the one that main.cf
// does. Fails as BounceTemplates::read, config::expanded_text and MainCf::read do, or on a second file.
Result<void> show_templates(const Request& request, Output& output);

}  // namespace postern::postconf
