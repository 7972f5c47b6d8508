// What -T tells about the TLS library. It is loaded only when asked: to link it would cost every start of postconf more than
// what most of them do.
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "postconf/output.h"

namespace postern::postconf {

// Shows one fact: compile-version, run-version, or public-key-algorithms (a line each). False for another word, with a warning as
// in Postfix. Fails with not_found when the library cannot be loaded.
Result<bool> show_tls_fact(std::string_view fact, Output& output);

}  // namespace postern::postconf
