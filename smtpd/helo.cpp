#include "lib/base/text.h"
#include "smtpd/session.h"

namespace postern::smtpd {

// HELO and EHLO. Either ends a transaction (RFC 5321 4.1.4); one that is refused changes nothing.
net::Task<void> Session::greeted(std::string name, Protocol protocol) {
  std::string before = std::exchange(helo_, printable(name, 255));
  auto refused = co_await judge(Stage::helo);
  if (refused) {
    reject(*refused);
    helo_ = std::move(before);
    co_return;
  }
  forget_transaction();
  protocol_ = protocol;
  if (protocol == Protocol::esmtp) {
    greet_extended();
  } else {
    reply(shared_.setup.rules.helo);
  }
}

// Whoever was not told of PIPELINING by screen is not told later.
void Session::greet_extended() {
  const Setup& setup = shared_.setup;
  if (handed_ == nullptr || handed_->pipelining())
    return reply(tls_ ? setup.ehlo_reply_in_tls : setup.ehlo_reply);
  wire::Offer offer = setup.rules.offer;
  if (tls_) offer.starttls = false;
  offer.pipelining = false;
  reply(setup.rules.ehlo(offer));
}

}  // namespace postern::smtpd
