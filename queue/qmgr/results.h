// What an answer means for a recipient: whether it is done, and who is to be told.
#pragma once

#include <string_view>

#include "lib/ipc/messages/deliver.h"
#include "lib/ipc/messages/notify.h"
#include "queue/qmgr/active.h"

namespace postern::qmgr {

// Does NOTIFY (RFC 3461 4.1) want this: "SUCCESS", "FAILURE", "DELAY"? Without the parameter failures are told, and
// delays may be.
bool wants(std::string_view notify, std::string_view what);

// Takes the result over into the recipient, with its new state; `soft_bounce` makes a refusal temporary.
void take(const Message& message, Recipient& recipient, ipc::DeliveryResult result, bool soft_bounce);
// A recipient that no agent was asked for.
void take_refusal(const Message& message, Recipient& recipient, std::string dsn, std::string reason);
// It is given up: as what is told of the last attempt, or nothing to tell.
void give_up(Recipient& recipient);

// A question to bounce, without recipients and content.
ipc::Notify notification(ipc::NotifyKind kind, const Message& message);
ipc::NotifyOf notified(const Recipient& recipient);

}  // namespace postern::qmgr
