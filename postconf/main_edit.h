// Edits main.cf: sets parameters, removes them, or puts '#' in front of them.
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/output.h"

namespace postern::postconf {

// The words are name=value, or names. All of them are checked before the file is touched. Fails with invalid
// on a word that is none of these, and on an edit after which a file that could be read could not.
Result<void> edit_main(const Request& request, Output& output);

}  // namespace postern::postconf
