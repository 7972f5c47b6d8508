// Edits master.cf: whole entries (-M), fields (-F), and -o settings (-P).
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/output.h"

namespace postern::postconf {

// All words are checked before the file is touched. Fails with invalid on a word that does not have the form
// of its name space, and on an edit whose result no program could parse.
Result<void> edit_services(const Request& request, Output& output);

}  // namespace postern::postconf
