// What stands in a row of the queue database: for the files of this folder only.
#pragma once

#include <string_view>

#include "lib/base/statement.h"
#include "lib/queue/message.h"

namespace postern::queue {

// In this order, from the first column of a SELECT on. A message comes without its content.
inline constexpr std::string_view kMessageColumns =
    "id, arrived, size, attempts, spooled, smtputf8, sender, body_type, envid, ret, held, forced_expire, "
    "warned, source, purpose, filter, message_id, subject, client_name, client_address, client_port, helo, "
    "protocol, sasl_method, sasl_username, sasl_sender";
inline constexpr int kAfterMessage = 26;  // the first column behind these
inline constexpr std::string_view kRecipientColumns =
    "number, state, address, original, notify, orcpt, dsn, reason, transport, nexthop, remote_mta, "
    "diagnostic, arrival";

// The row under a statement that was asked for these columns.
Message message_of(const Statement& row);
Recipient recipient_of(const Statement& row);

}  // namespace postern::queue
