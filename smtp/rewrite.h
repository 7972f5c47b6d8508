// What is changed in a message on its way out: addresses by smtp_generic_maps, header fields by smtp_header_checks.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/ipc/messages/deliver.h"
#include "lib/net/task.h"
#include "smtp/letter.h"
#include "smtp/setup.h"

namespace postern::smtp {

// The letter of a message, rewritten where the configuration says so. Fails when a table does, or with io. The message
// outlives the letter.
net::Task<Result<Letter>> prepare_letter(const Setup& setup, const ipc::Deliver& message);

}  // namespace postern::smtp
