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
  ipc::Arrival arrival = ipc::Arrival::delivered;
  std::string diagnostic = {};  // who is not us said this: "x-unix; no such user"; empty: nobody else did
  std::string remote_mta = {};  // of an answer that another agent gave
  std::string relay = {};       // for the log, if it is not the agent's own
  bool is_logged = false;       // the line is written

  static Outcome sent(std::string text);
  static Outcome deferred(std::string dsn, std::string text);
  static Outcome bounced(std::string dsn, std::string text);
  // As the class of the code says: 4 is deferred, 5 bounced.
  static Outcome failed(std::string dsn, std::string text);
  // What an administrator has to mend: deferred with 4.3.5, "mail system configuration error".
  static Outcome misconfigured();
};

// What stopped a delivery to a mailbox. No room on the disk is 4.2.2; a quota or a size limit that was reached is
// 5.2.2, which is final; a fault of the system 4.3.0; anything else 4.2.0. `what` stands before the error's text.
Outcome mailbox_failure(std::string_view what, const Error& error);

}  // namespace postern::deliver
