#include <algorithm>
#include <limits>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtpd/session.h"

namespace postern::smtpd {

net::Task<void> Session::data() {
  if (is_in_chunks()) {
    complain({503, {5, 5, 1}, "Error: DATA after BDAT"});
    co_return;
  }
  const auto too_early = content_before_its_turn();
  if (too_early) {
    complain(*too_early);
    co_return;
  }
  auto refused = co_await content_refusal();
  if (refused) {
    reject(*refused);
    co_return;
  }
  reply("354 End data with <CR><LF>.<CR><LF>\r\n");
  mail_->submit.queue_id = mail_->id.number();
  {  // the content writes into the transaction until its end
    Content content(shared_, *mail_, wire::Framing::dots, bare_newline_policy());
    const bool complete = co_await receive(content, std::numeric_limits<std::uint64_t>::max());
    if (complete) {
      where_ = kEndOfMessage;
      co_await hand_over(content);
    }
  }
  forget_transaction();
}

// Why there can be no content now, whoever the client is.
Refusal Session::content_before_its_turn() const {
  if (!mail_) return mail::status::out_of_order("RCPT");
  if (mail_->submit.recipients.empty()) return mail::Status{554, {5, 5, 1}, "Error: no valid recipients"};
  return std::nullopt;
}

net::Task<Refusal> Session::content_refusal() {
  if (is_offender()) co_return offender_refusal();
  co_return co_await judge(Stage::data);
}

// `count`: what is there to come, at most. True when all of it has come; otherwise the session is over.
net::Task<bool> Session::receive(Content& content, std::uint64_t count) {
  begin_request();
  while (count > 0) {
    auto some = co_await stream_.read_some(wait(), count);
    if (!some) {
      waited();
      content_broke_off(some.error(), content.size());
      co_return false;
    }
    const auto progress = content.take(some->substr(0, std::min<std::uint64_t>(count, some->size())));
    stream_.unread(some->substr(progress.consumed));
    content.problem() ? wasted(progress.consumed) : waited(progress.consumed);
    if (content.overflows()) {
      co_await content.open_spool();
    }
    if (progress.ended) co_return true;
    count -= progress.consumed;
  }
  co_return true;
}

void Session::content_broke_off(const Error& error, std::uint64_t size) {
  ++errors_;  // the command counts as one that was not obeyed
  const std::string where = concat(where_, " (", size, " bytes)");
  if (error.kind == Errc::timeout) return out_of_time(where);
  open_ = false;
  log_info(concat("lost connection after ", where, " from ", peer_.text()));
}

net::Task<void> Session::hand_over(Content& content) {
  content.finish();
  std::optional<mail::Status> problem = content.problem();
  if (content.decoder().noted()) bare_lf_ = true;
  if (content.decoder().refused()) {
    problem = bare_newline_refusal();
    if (!mail_->chunks) open_ = false;  // nothing can hide behind a counted chunk
  }
  if (!problem) {
    problem = co_await judge(Stage::end_of_data);
  }
  if (problem) {
    reject(*problem);
    co_return;
  }
  ipc::Submit& submit = mail_->submit;
  submit.client.name = peer_.name();
  submit.client.address = peer_.address();
  submit.client.helo = helo_;
  submit.client.protocol = protocol();
  if (tls_) show_tls(submit);
  submit.filter = *shared_.setup.receive.content_filter;
  submit.as_addressed = !shared_.setup.overrides.maps_addresses;
  submit.unchecked = !shared_.setup.overrides.checks_content;
  const Deadline limit = shared_.loop.in(*shared_.setup.process.ipc_timeout);
  auto outcome = co_await shared_.cleanup.ask<ipc::SubmitCall>(submit, limit);
  answer(outcome, content);
}

// The moment at which responsibility for the message changes hands (RFC 5321 4.2.5), or does not.
void Session::answer(const Result<ipc::Outcome>& outcome, Content& content) {
  if (!outcome) {
    log_warning(concat(shared_.setup.text_of(mail_->id), ": ", outcome.error().text));
    complain(mail::status::queue_error());
  } else if (outcome->code == 250) {
    content.keep();
    errors_ = 0;
    junk_ = 0;
    shared_.accepted.add();
    proven_ = true;
    patience_.delivered();
    if (handed_) handed_->finish(true);
    shared_.bytes.add(content.size());
    reply(content.queued(shared_.setup.text_of(mail_->id)));
  } else if (outcome->code >= 400 && outcome->code <= 599) {
    complain({outcome->code, mail::parse_dsn(outcome->dsn).value_or(mail::Dsn()), outcome->text});
  } else {
    log_warning(
        concat(shared_.setup.text_of(mail_->id), ": cleanup answered ", outcome->code, ' ', outcome->text));
    complain(mail::status::queue_error());
  }
}

// An exclusion that only a table could tell is none.
wire::BareNewline Session::bare_newline_policy() const {
  const bool excluded = shared_.setup.bare_newline_exclusions.matches_now(peer_.address()).value_or(false);
  return excluded ? wire::BareNewline::allow : shared_.setup.bare_newline;
}

mail::Status Session::bare_newline_refusal() const {
  return mail::status::bare_newline(shared_.setup.host(),
                                    *shared_.setup.smtpd.forbid_bare_newline_reject_code);
}

}  // namespace postern::smtpd
