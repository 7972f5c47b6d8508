#include "commands/sendmail/session.h"

#include <poll.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/wire/content.h"
#include "lib/wire/reply.h"
#include "lib/wire/xtext.h"

namespace postern::sendmail {

namespace {

namespace status = mail::status;

std::string notify_text(const mail::Notify& notify) {
  if (notify.never) return "NEVER";
  std::string out;
  const auto add = [&out](bool given, std::string_view name) {
    if (given) out += concat(out.empty() ? "" : ",", name);
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return out;
}

std::string orcpt_text(std::string_view orcpt) {
  const auto end = orcpt.find(';');
  if (end == std::string_view::npos) return {};
  return concat(orcpt.substr(0, end + 1), wire::encode_xtext(orcpt.substr(end + 1)));
}

std::string ret_text(mail::Return ret) {
  return ret == mail::Return::full ? "FULL" : ret == mail::Return::headers ? "HDRS" : "";
}

std::string body_text(mail::BodyType body) {
  switch (body) {
    case mail::BodyType::seven_bit: return "7BIT";
    case mail::BodyType::eight_bit_mime: return "8BITMIME";
    case mail::BodyType::unspecified: break;
  }
  return {};
}

}  // namespace

// More input; false at its end or when its time is over.
bool Session::fill() {
  if (!out_.empty()) {
    const auto written = write_all(output_, out_, "standard output");
    out_.clear();
    if (!written) return false;
  }
  pollfd wanted{input_, POLLIN, 0};
  const int ready = ::poll(&wanted, 1, static_cast<int>(setup_.timeout * 1000));
  if (ready < 0 && errno == EINTR) return fill();
  if (ready == 0) reply(status::timeout(setup_.host));
  if (ready <= 0) return false;
  std::array<char, 16384> block{};
  const ssize_t got = ::read(input_, block.data(), block.size());
  if (got < 0 && errno == EINTR) return fill();
  if (got <= 0) return false;
  in_.append(block.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> Session::next_line() {
  for (;;) {
    const auto end = in_.find('\n');
    if (end != std::string::npos && end <= wire::kLongestCommand + 1) {
      std::string line = in_.substr(0, end);
      in_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (in_.size() > wire::kLongestCommand + 1) {
      // What begins like this is no command any more.
      reply(status::too_long());
      return std::nullopt;
    }
    if (!fill()) return std::nullopt;
  }
}

void Session::send(std::string_view text) { out_ += text; }
void Session::reply(const mail::Status& answer) { wire::append_reply(out_, answer); }

void Session::refuse(const mail::Status& answer) {
  reply(answer);
  if (++errors_ < setup_.error_limit) return;
  reply({421, {4, 7, 0}, concat(setup_.host, " Error: too many errors")});
  open_ = false;
}

int Session::run() {
  send(concat("220 ", setup_.greeting, "\r\n"));
  while (open_) {
    const auto line = next_line();
    if (!line) break;
    const auto command = wire::parse_command(*line);
    if (command) {
      obey(*command);
    } else {
      refuse(command.error());
    }
  }
  const auto written = write_all(output_, out_, "standard output");
  return written ? EXIT_SUCCESS : EX_IOERR;
}

void Session::obey(const wire::Command& command) {
  if (const auto* helo = std::get_if<wire::Helo>(&command)) return obey(*helo);
  if (const auto* ehlo = std::get_if<wire::Ehlo>(&command)) return obey(*ehlo);
  if (const auto* mail = std::get_if<wire::Mail>(&command)) return obey(*mail);
  if (const auto* rcpt = std::get_if<wire::Rcpt>(&command)) return obey(*rcpt);
  if (const auto* data = std::get_if<wire::Data>(&command)) return obey(*data);
  if (std::holds_alternative<wire::Rset>(command)) {
    mail_.reset();
    return reply(status::ok());
  }
  if (std::holds_alternative<wire::Noop>(command)) return reply(status::ok());
  if (const auto* vrfy = std::get_if<wire::Vrfy>(&command)) return reply({252, {2, 0, 0}, printable(vrfy->text)});
  if (std::holds_alternative<wire::Quit>(command)) {
    open_ = false;
    return reply(status::bye());
  }
  if (std::holds_alternative<wire::Unknown>(command)) return refuse(status::not_recognized());
  refuse(status::not_implemented("command not implemented"));
}

void Session::obey(const wire::Helo&) {
  greeted_ = true;
  mail_.reset();
  send(concat("250 ", setup_.host, "\r\n"));
}

void Session::obey(const wire::Ehlo&) {
  greeted_ = true;
  mail_.reset();
  const std::string size = setup_.size_limit > 0 ? concat("SIZE ", setup_.size_limit) : "SIZE";
  const std::array<std::string, 7> lines{setup_.host, "PIPELINING", size, "ENHANCEDSTATUSCODES", "8BITMIME", "DSN",
                                         "SMTPUTF8"};
  wire::append_reply(out_, 250, lines);
}

void Session::obey(const wire::Mail& mail) {
  if (!greeted_) return refuse(status::out_of_order("HELO/EHLO"));
  if (mail_) return refuse({503, {5, 5, 1}, "Error: nested MAIL command"});
  if (setup_.size_limit > 0 && mail.size > static_cast<std::uint64_t>(setup_.size_limit)) {
    return refuse(status::too_big());
  }
  queue::Dropped& dropped = mail_.emplace();
  dropped.sender = mail.address.text();
  dropped.body_type = body_text(mail.body);
  dropped.smtputf8 = mail.smtputf8;
  dropped.ret = ret_text(mail.ret);
  dropped.envid = wire::encode_xtext(mail.envid);
  reply({250, {2, 1, 0}, "Ok"});
}

void Session::obey(const wire::Rcpt& rcpt) {
  if (!mail_) return refuse(status::out_of_order("MAIL"));
  if (rcpt.address.null()) return refuse(status::bad_recipient_syntax());
  if (mail_->recipients.size() >= setup_.recipient_limit) return refuse(status::too_many_recipients());
  mail_->recipients.push_back({rcpt.address.text(), notify_text(rcpt.notify), orcpt_text(rcpt.orcpt)});
  reply({250, {2, 1, 5}, "Ok"});
}

void Session::obey(const wire::Data&) {
  if (!mail_) return refuse(status::out_of_order("RCPT"));
  if (mail_->recipients.empty()) return refuse({554, {5, 5, 1}, "Error: no valid recipients"});
  auto submission = Submission::begin(setup_.tools, *mail_);
  mail_.reset();
  if (!submission) return refuse(status::queue_error());
  send("354 End data with <CR><LF>.<CR><LF>\r\n");
  receive(*submission);
}

void Session::receive(Submission& submission) {
  wire::ContentDecoder decoder;
  std::string content;
  for (;;) {
    const auto progress = decoder.feed(in_, content);
    in_.erase(0, progress.consumed);
    submission.write(content);
    content.clear();
    if (progress.ended) break;
    if (!fill()) {
      open_ = false;  // and the letter is not kept
      return;
    }
  }
  const mail::Status outcome = outcome_of(submission.finish());
  if (outcome.ok()) {
    reply(outcome);
  } else {
    refuse(outcome);
  }
}

mail::Status Session::outcome_of(int exit_status) const {
  switch (exit_status) {
    case EXIT_SUCCESS: return {250, {2, 0, 0}, "Ok: queued"};
    case EX_UNAVAILABLE: return {552, {5, 3, 4}, "Error: message file too big"};
    case EX_NOPERM: return {554, {5, 7, 1}, "Error: not allowed to submit mail"};
    default: return status::queue_error();
  }
}

}  // namespace postern::sendmail
