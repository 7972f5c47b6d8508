// The log line of a recipient that no delivery agent has seen.
#pragma once

#include <string_view>

#include "queue/qmgr/message.h"

namespace postern::qmgr {

// "QID: to=<a>[, orig_to=<b>], relay=none, delay=T, delays=a/b/0/0, dsn=D, status=deferred (TEXT)", with what
// the recipient says about its last attempt.
void log_deferred(std::string_view id, const Message& message, const Recipient& recipient);

}  // namespace postern::qmgr
