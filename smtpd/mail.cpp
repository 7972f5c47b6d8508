#include "lib/base/time.h"
#include "lib/wire/server_replies.h"
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
  auto refusal = wire::mail_refusal(command, shared_.setup.rules.mail, !helo_.empty(), mail_ != nullptr);
  if (!refusal && skips_chunks_) refusal = mail::Status{503, {5, 5, 1}, "Error: MAIL after BDAT"};
  if (refusal) {
    complain(*refusal);
    co_return;
  }
  mail_ = std::make_unique<Transaction>();
  ipc::Submit& submit = mail_->submit;
  submit.sender = command.address.text();
  submit.arrived = wall_micros();
  submit.size = static_cast<std::int64_t>(command.size);
  submit.body_type = text_of(command.body);
  submit.ret = text_of(command.ret);
  submit.envid = wire::encode_xtext(command.envid);
  mail_->sender = std::move(command.address);
  auto refused = co_await judge(Stage::mail);
  if (refused) {
    reject(*refused);
    forget_transaction();
  } else {
    reply(wire::kMailOk);
  }
}

}  // namespace postern::smtpd
