#include "deliver/discard/discard.h"

#include "lib/mail/status.h"

namespace postern::deliver {

Result<void> Discard::read_settings(const config::Settings&, daemon::Rights&) { return {}; }

net::Task<Outcome> Discard::deliver(MessagePtr message, const ipc::DeliverTo&) {
  // "2.1.5 text": an enhanced status code may stand in front of the reason.
  const auto [dsn, reason] = mail::split_dsn(message->nexthop);
  Outcome outcome = Outcome::sent(std::string(reason));
  if (dsn.given() && dsn.kind == 2) outcome.dsn = dsn.text();
  co_return outcome;
}

}  // namespace postern::deliver
