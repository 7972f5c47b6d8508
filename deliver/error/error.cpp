#include "deliver/error/error.h"

#include "lib/base/text.h"
#include "lib/mail/status.h"

namespace postern::deliver {

namespace {

constexpr std::string_view kRetry = "retry";

}  // namespace

Result<void> ErrorAgent::read_settings(const config::Settings&, daemon::Rights&) { return {}; }

net::Task<Outcome> ErrorAgent::deliver(MessagePtr message, const ipc::DeliverTo&) {
  const bool retry = entry().name == kRetry;
  const auto [dsn, reason] = mail::split_dsn(message->nexthop);
  // A code of another class would contradict the result, and is passed over.
  std::string code = retry ? "4.0.0" : "5.0.0";
  if (dsn.given() && dsn.kind == code[0] - '0') code = dsn.text();
  Outcome outcome = Outcome::failed(std::move(code), std::string(reason.empty() ? message->nexthop : reason));
  co_return outcome;
}

}  // namespace postern::deliver
