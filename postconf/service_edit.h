// Edits master.cf: whole entries (-M), fields (-F), -o settings (-P), other options and arguments (-O).
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/draft.h"
#include "postconf/output.h"

namespace postern::postconf {

// All words are checked before anything is changed. Fails with invalid on a word that does not have the form of its name
// space, and on an edit whose result no program could parse; with not_found when --clone names what is not there, and with
// exists when it, or --rename, names what is.
Result<void> edit_services(const Step& step, const Request& request, Draft& draft, Output& output);

}  // namespace postern::postconf
