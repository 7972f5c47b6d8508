#include "lib/mail/delivery_log.h"

#include <string>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mail/address.h"

namespace postern::mail {

void log_delivery(const Attempt& attempt) {
  std::string line;
  line.reserve(240);
  const auto add = [&line](const auto&... parts) { (line.append(parts), ...); };
  add(attempt.queue_id, ": to=<", shown_address(attempt.address), ">");
  if (!attempt.original.empty() && !iequals(attempt.original, attempt.address)) {
    add(", orig_to=<", shown_address(attempt.original), ">");
  }
  add(", relay=", attempt.relay);
  if (attempt.uses > 1) add(", conn_use=", std::to_string(attempt.uses));
  add(", delay=", format_delay(attempt.ended - attempt.arrived));
  add(", delays=", format_delay(attempt.activated - attempt.arrived));
  add("/", format_delay(attempt.begun - attempt.activated));
  add("/", format_delay(attempt.connected - attempt.begun));
  add("/", format_delay(attempt.ended - attempt.connected));
  add(", dsn=", attempt.dsn, ", status=", attempt.status, " (", attempt.text, ")");
  log_info(line);
}

}  // namespace postern::mail
