#include "deliver/common/outcome.h"

#include <cerrno>

#include "lib/base/text.h"

namespace postern::deliver {

using ipc::DeliveryStatus;

Outcome Outcome::sent(std::string text) { return {DeliveryStatus::sent, "2.0.0", std::move(text)}; }

Outcome Outcome::deferred(std::string dsn, std::string text) {
  return {DeliveryStatus::deferred, std::move(dsn), std::move(text)};
}

Outcome Outcome::bounced(std::string dsn, std::string text) {
  return {DeliveryStatus::bounced, std::move(dsn), std::move(text)};
}

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
