// Edits main.cf: sets parameters, removes them, puts '#' in front of them, or takes it away.
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/draft.h"
#include "postconf/output.h"

namespace postern::postconf {

// The words are name=value, or names, in which "*" and "?" are wild. All of them are checked before anything is changed.
// Fails with invalid on a word that is none of these.
Result<void> edit_main(const Step& step, Draft& draft, Output& output);

}  // namespace postern::postconf
