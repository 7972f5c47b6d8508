#include "lib/base/time.h"
#include "lib/wire/xtext.h"
#include "smtpd/session.h"

namespace postern::smtpd {

namespace {

std::string_view text_of(mail::BodyType body) {
  switch (body) {
    case mail::BodyType::seven_bit: return "7BIT";
    case mail::BodyType::eight_bit_mime: return "8BITMIME";
    case mail::BodyType::unspecified: break;
  }
  return "";
}

std::string_view text_of(mail::Return ret) {
  switch (ret) {
    case mail::Return::full: return "FULL";
    case mail::Return::headers: return "HDRS";
    case mail::Return::unspecified: break;
  }
  return "";
}

}  // namespace

net::Task<void> Session::mail(wire::Mail command) {
  const auto limit = static_cast<std::uint64_t>(*shared_.setup.limits.message_size_limit);
  if (*shared_.setup.smtpd.helo_required && helo_.empty()) {
    complain({503, {5, 5, 1}, "Error: send HELO/EHLO first"});
  } else if (mail_) {
    complain({503, {5, 5, 1}, "Error: nested MAIL command"});
  } else if (command.smtputf8) {
    complain(mail::status::unsupported_option("SMTPUTF8"));
  } else if (limit > 0 && command.size > limit) {
    complain(mail::status::too_big());
  } else {
    mail_ = std::make_unique<Transaction>();
    ipc::Submit& submit = mail_->submit;
    submit.sender = command.address.text();
    submit.arrived = wall_micros();
    submit.size = static_cast<std::int64_t>(command.size);
    submit.body_type = text_of(command.body);
    submit.ret = text_of(command.ret);
    submit.envid = wire::encode_xtext(command.envid);
    mail_->sender = std::move(command.address);
    auto refused = co_await shared_.policy.judge(Stage::mail, facts());
    if (refused) {
      reject(*refused);
      forget_transaction();
    } else {
      reply("250 2.1.0 Ok\r\n");
    }
  }
}

}  // namespace postern::smtpd
