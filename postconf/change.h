// From the words of an edit to what stands on disk: conditions, steps, judgement, writing, reload.
#pragma once

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/output.h"

namespace postern::postconf {

// Task::edit, Task::apply and Task::undo. All steps happen, or none; `output` tells whether anything changed and whether something
// that was named is not there. Fails as the steps do, and when a file cannot be written.
Result<void> change(const Request& request, Output& output);

}  // namespace postern::postconf
