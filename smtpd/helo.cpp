#include "lib/base/text.h"
#include "smtpd/session.h"

namespace postern::smtpd {

// HELO and EHLO. Either ends a transaction (RFC 5321 4.1.4); one that is refused changes nothing.
net::Task<void> Session::greeted(std::string name, Protocol protocol) {
  std::string before = std::exchange(helo_, printable(name, 255));
  auto refused = co_await shared_.policy.judge(Stage::helo, facts());
  if (refused) {
    reject(*refused);
    helo_ = std::move(before);
    co_return;
  }
  forget_transaction();
  protocol_ = protocol;
  if (protocol == Protocol::esmtp) {
    reply(shared_.setup.ehlo_reply);
  } else {
    reply(shared_.setup.rules.helo);
  }
}

}  // namespace postern::smtpd
