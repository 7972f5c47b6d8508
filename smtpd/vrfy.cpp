// The questions that are no part of a transaction.
#include "lib/base/text.h"
#include "smtpd/session.h"

namespace postern::smtpd {

// RFC 5321 3.5.3: 252, because that we would take mail for an address does not say that there is a mailbox.
net::Task<void> Session::vrfy(wire::Vrfy command) {
  if (*shared_.setup.smtpd.disable_vrfy_command) {
    complain({502, {5, 5, 1}, "VRFY command is disabled"});
    co_return;
  }
  auto path = mail::parse_path(command.text);
  if (!path || path->address.null() || path->length != command.text.size()) {
    complain(mail::status::bad_recipient_syntax());
    co_return;
  }
  recipient_ = &path->address;
  auto refused = co_await judge(Stage::rcpt);
  if (refused) {
    reject(*refused);
  } else {
    reply(mail::Status{252, {2, 0, 0}, path->address.text()});
  }
  recipient_ = nullptr;
}

// RFC 1985, for domains whose mail waits to be fetched: we have none.
void Session::etrn(const wire::Etrn& command) {
  if (*shared_.setup.smtpd.helo_required && helo_.empty()) {
    complain({503, {}, "Error: send HELO/EHLO first"});
  } else if (mail_) {
    complain({503, {}, "Error: MAIL transaction in progress"});
  } else if (!mail::is_domain(command.domain)) {
    complain({501, {}, "Error: invalid parameter syntax"});
  } else {
    complain({459, {}, concat('<', command.domain, ">: service unavailable")});
  }
}

}  // namespace postern::smtpd
