// A mail transaction (RFC 5321 3.3), from MAIL to the end of the content or RSET.
#pragma once

#include <memory>
#include <string_view>

#include "lib/ipc/messages/submit.h"
#include "lib/mail/address.h"
#include "lib/mail/queue_id.h"

namespace postern::smtpd {

class Content;

// What the end of the content is called where others have the name of a command.
inline constexpr std::string_view kEndOfMessage = "END-OF-MESSAGE";

struct Transaction {
  mail::Address sender;
  mail::QueueId id;      // from the first recipient on that was accepted
  int surplus = 0;       // recipients that were refused because there were too many
  ipc::Submit submit{};  // what cleanup will be asked to take, as far as it is known

  std::unique_ptr<Content> chunks{};  // once BDAT has brought content: writes into `submit`
};

}  // namespace postern::smtpd
