// --check: what is wrong with a configuration as it is, or as an edit would make it.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/draft.h"
#include "postconf/output.h"

namespace postern::postconf {

// Task::check: shows what is found in both files, a line or with -j an object each; with -q no notes. An error makes the exit status 1.
// Fails when a file cannot be read.
Result<void> judge(const Request& request, Output& output);

// The same for what a draft would make of them.
Result<void> judge_draft(const Request& request, const Draft& draft, Output& output);

// Fails with invalid when a draft has errors; they and the warnings go where warnings go.
Result<void> refuse_errors(const Draft& draft, Output& output);

}  // namespace postern::postconf
