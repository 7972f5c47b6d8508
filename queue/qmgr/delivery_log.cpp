#include "queue/qmgr/delivery_log.h"

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

namespace postern::qmgr {

void log_deferred(std::string_view id, const Message& message, const Recipient& recipient) {
  const std::int64_t now = wall_micros();
  std::string line = concat(id, ": to=<", recipient.address, ">");
  if (!recipient.original.empty() && !iequals(recipient.original, recipient.address)) {
    line += concat(", orig_to=<", recipient.original, ">");
  }
  line += concat(", relay=none, delay=", format_delay(now - message.arrived));
  line += concat(", delays=", format_delay(message.activated - message.arrived), "/");
  line += concat(format_delay(now - message.activated), "/0/0, dsn=", recipient.dsn);
  log_info(concat(line, ", status=deferred (", recipient.reason, ")"));
}

}  // namespace postern::qmgr
