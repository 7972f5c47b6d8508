#include "deliver/common/outcome.h"

#include <cerrno>

#include "lib/base/text.h"

namespace postern::deliver {

using ipc::DeliveryStatus;

namespace {

Outcome outcome(DeliveryStatus status, std::string dsn, std::string text) {
  Outcome made;
  made.status = status;
  made.dsn = std::move(dsn);
  made.text = std::move(text);
  return made;
}

}  // namespace

Outcome Outcome::sent(std::string text) { return outcome(DeliveryStatus::sent, "2.0.0", std::move(text)); }

Outcome Outcome::deferred(std::string dsn, std::string text) {
  return outcome(DeliveryStatus::deferred, std::move(dsn), std::move(text));
}

Outcome Outcome::bounced(std::string dsn, std::string text) {
  return outcome(DeliveryStatus::bounced, std::move(dsn), std::move(text));
}

Outcome Outcome::failed(std::string dsn, std::string text) {
  return dsn.starts_with('4') ? deferred(std::move(dsn), std::move(text))
                              : bounced(std::move(dsn), std::move(text));
}

Outcome Outcome::misconfigured() { return deferred("4.3.5", "mail system configuration error"); }

Outcome mailbox_failure(std::string_view what, const Error& error) {
  std::string text = concat(what, error.text);
  switch (error.sys) {
    case ENOSPC: return Outcome::deferred("4.2.2", std::move(text));
    case EDQUOT:
    case EFBIG: return Outcome::bounced("5.2.2", std::move(text));
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return Outcome::deferred("4.3.0", std::move(text));
    default: return Outcome::deferred("4.2.0", std::move(text));
  }
}

}  // namespace postern::deliver
