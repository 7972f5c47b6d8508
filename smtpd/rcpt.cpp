#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/xtext.h"
#include "smtpd/session.h"

namespace postern::smtpd {

namespace {

// As RFC 3461 4.1 writes it.
std::string text_of(const mail::Notify& notify) {
  if (notify.never) return "NEVER";
  std::string out;
  const auto add = [&out](bool wanted, std::string_view word) {
    if (!wanted) return;
    if (!out.empty()) out += ',';
    out += word;
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return out;
}

std::string encode_orcpt(std::string_view orcpt) {
  const auto end = orcpt.find(';');
  if (end == std::string_view::npos) return {};
  return concat(orcpt.substr(0, end + 1), wire::encode_xtext(orcpt.substr(end + 1)));
}

}  // namespace

net::Task<void> Session::rcpt(wire::Rcpt command) {
  if (!mail_) {
    complain(mail::status::out_of_order("MAIL"));
    co_return;
  }
  if (is_in_chunks()) {
    complain({503, {5, 5, 1}, "Error: RCPT after BDAT"});
    co_return;
  }
  if (!has_room()) co_return;
  recipient_ = &command.address;
  if (is_offender()) {
    reject(offender_refusal());
  } else {
    auto refused = co_await judge(Stage::rcpt);
    if (refused) {
      reject(*refused);
    } else {
      accept(command);
      reply("250 2.1.5 Ok\r\n");
    }
  }
  recipient_ = nullptr;
}

// RFC 5321 4.5.3.1.10: the client should send the rest in another transaction. One that goes on and on errs.
bool Session::has_room() {
  const auto most = static_cast<std::size_t>(*shared_.setup.smtpd.recipient_limit);
  if (mail_->submit.recipients.size() < most) return true;
  if (mail_->surplus++ < *shared_.setup.smtpd.recipient_overshoot_limit) {
    reply(mail::status::too_many_recipients());
  } else {
    complain(mail::status::too_many_recipients());
  }
  return false;
}

void Session::accept(wire::Rcpt& command) {
  if (!mail_->id) {
    mail_->id = shared_.ids.next();
    log_info(concat(shared_.setup.text_of(mail_->id), ": client=", peer_.text()));
  }
  ipc::Recipient& recipient = mail_->submit.recipients.emplace_back();
  recipient.address = command.address.text();
  recipient.original = recipient.address;
  recipient.notify = text_of(command.notify);
  recipient.orcpt = encode_orcpt(command.orcpt);
}

}  // namespace postern::smtpd
