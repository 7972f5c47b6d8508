// The fields of message/delivery-status (RFC 3464 2) and of message/global-delivery-status (RFC 6533).
#pragma once

#include <string>
#include <string_view>

#include "lib/ipc/messages/notify.h"

namespace postern::bounce {

bool is_ascii(std::string_view text);

// On one line, without control characters; without UTF-8 too unless `global`.
std::string plain(std::string_view text, bool global);

// An address as header fields and people have it, quoted where it must be. Where UTF-8 may not stand its characters
// are written \x{HEX} (RFC 6533 3).
std::string shown_address(std::string_view address, bool global);

// The fields about the message, each with its LF, in the order of RFC 3464 2.2.
std::string message_fields(const ipc::Notify& question, std::string_view hostname, std::string_view id,
                           bool global);

// The fields about one recipient, in the order of RFC 3464 2.3.
std::string recipient_fields(const ipc::Notify& question, const ipc::NotifyOf& recipient, bool global);

}  // namespace postern::bounce
