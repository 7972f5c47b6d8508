// How the delivery to one recipient went, and what a failed system call means for it.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/messages/deliver.h"

namespace postern::deliver {

struct Outcome {
  ipc::DeliveryStatus status = ipc::DeliveryStatus::deferred;
  std::string dsn;   // enhanced status code
  std::string text;  // for the log and for notifications

  static Outcome sent(std::string text);
  static Outcome deferred(std::string dsn, std::string text);
  static Outcome bounced(std::string dsn, std::string text);
};

// What stopped a delivery to a mailbox. No room on the disk is 4.2.2; a quota or a size limit that was reached is
// 5.2.2, which is final; a fault of the system 4.3.0; anything else 4.2.0. `what` stands before the error's text.
Outcome mailbox_failure(std::string_view what, const Error& error);

}  // namespace postern::deliver
