// Services that an edit adds or renames.
#pragma once

#include <vector>

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/draft.h"
#include "postconf/output.h"
#include "postconf/service_words.h"

namespace postern::postconf {

// --clone FROM TO: another service with the same fields, settings and arguments, at the end of the file. One that is there and the
// same already is none to add. Fails with not_found, or with exists when TO is there and differs.
Result<void> clone_services(const Step& step, Draft& draft, Output& output);

// --rename FROM TO. What is not there gets a warning; fails with exists when TO is there.
Result<void> rename_services(const Step& step, Draft& draft, Output& output);

// --create: makes entries of those edits that no entry fits. A command that is not among them is guessed, and said.
Result<void> create_services(const Step& step, std::vector<ServiceEdit>& edits, Draft& draft, Output& output);

}  // namespace postern::postconf
