#include "smtpd/session.h"

#include <algorithm>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/wait.h"
#include "lib/wire/reply.h"
#include "lib/wire/server_replies.h"

namespace postern::smtpd {

namespace {

// A line that is too long is read to its end, if that comes before long: then the session can go on.
constexpr std::size_t kMostSkipped = 64 * 1024;
// Replies that are not sent before more commands are obeyed: what a client that pipelines and does not read may cost.
constexpr std::size_t kMostUnsent = 4096;

}  // namespace

net::Task<void> Session::run() {
  log_info(concat("connect from ", peer_.text()));
  co_await begin();
  co_await converse();
}

net::Task<void> Session::begin() {
  if (*shared_.setup.tls_params.wrappermode) {
    co_await begin_in_tls();
  }
  if (open_) {
    co_await greet();
  }
}

net::Task<void> Session::converse() {
  while (open_) {
    idle_ = mail_ == nullptr;
    begin_request();
    auto line = co_await stream_.read_line(shared_.setup.longest_line(), wait());
    waited();
    idle_ = false;
    if (!line) {
      co_await no_line(std::move(line.error()));
      continue;
    }
    patience_.command_came();
    if (!line->crlf && offends(screening::Test::bare_newline, where_, line->text)) continue;
    if (!line->crlf && refuses_bare_newline()) continue;
    const bool slow = errors_ >= *shared_.setup.smtpd.soft_error_limit;
    if (shared_.setup.command_filter.empty()) {
      co_await obey(line->text);
    } else {
      co_await obey_edited(line->text);
    }
    if (slow) {
      co_await hold_back();
    } else if (stream_.pending_output() > kMostUnsent) {
      co_await send_replies();
    }
    end_when_due();
  }
  // Who leaves before RCPT has shown too little to pass a test.
  if (handed_ && tally_.has_met(Verb::rcpt)) handed_->finish(false);
  stream_.flush_now();
  tell_breach();
  if (shared_.is_passed) stream_.end_output();
  log_end();
}

void Session::end_when_due() {
  if (!open_) return;
  if (errors_ >= *shared_.setup.smtpd.hard_error_limit) {
    log_info(concat("too many errors after ", where_, " from ", peer_.text()));
    reply(mail::Status{421, {4, 7, 0}, concat(shared_.setup.host(), " Error: too many errors")});
  } else if (shared_.stopping && !mail_) {
    say_goodbye();
  }
}

net::Task<void> Session::greet() {
  auto refused = co_await judge(Stage::connect);
  if (refused) {
    denied_ = true;
    reject(*refused);
  } else {
    reply(shared_.setup.rules.greeting);
  }
}

net::Task<void> Session::obey(std::string_view line) {
  const Verb verb = wire::first_verb(line);
  const int errors = errors_;
  const auto before = where_;
  const bool is_command = !trim(line).empty();  // an empty line is an error, and no command
  if (is_command) {
    tally_.met(verb);
    where_ = name_of(verb);
  }
  if (verb == Verb::unknown && (is_foreign(line, before) || is_forbidden(line))) co_return;
  if (is_repeated_sender(verb)) co_return;
  const auto refusal = refusal_unseen(verb);
  if (refusal) {
    if (verb == Verb::bdat) {
      co_await skip_unseen(line);
    }
    if (open_) complain(*refusal);
    co_return;
  }
  if (verb == Verb::starttls && is_injected(line)) co_return;
  if (is_improper(line)) co_return;
  if (verb != Verb::bdat && !is_utf8(line)) {
    complain(wire::bad_utf8());
  } else if (is_noop(line)) {
    reply(wire::kOk);
  } else {
    auto command = wire::parse_command(line, shared_.setup.rules.grammar);
    if (command) {
      co_await obey(std::move(*command));
    } else if (verb == Verb::bdat) {
      refuse_bdat_line(line, command.error());
    } else {
      complain(command.error());
    }
  }
  if (errors_ <= errors) tally_.obeyed(verb);
  if (verb == Verb::rset || verb == Verb::noop || verb == Verb::vrfy || verb == Verb::etrn) count_junk();
}

// Why a command is refused whatever it says.
std::optional<mail::Status> Session::refusal_unseen(Verb verb) {
  auto late = late_answer(verb);
  if (late) return late;
  if (denied_ && verb != Verb::quit) {
    return mail::Status{503, {5, 7, 0}, concat("Error: access denied for ", peer_.text())};
  }
  if (refuses_plain(verb)) return mail::status::tls_required();
  return std::nullopt;
}

net::Task<void> Session::obey(wire::Command command) {
  if (auto* rcpt_to = std::get_if<wire::Rcpt>(&command)) {
    co_await rcpt(std::move(*rcpt_to));
  } else if (auto* mail_from = std::get_if<wire::Mail>(&command)) {
    co_await mail(std::move(*mail_from));
  } else if (std::holds_alternative<wire::Data>(command)) {
    co_await data();
  } else if (auto* ehlo = std::get_if<wire::Ehlo>(&command)) {
    co_await greeted(std::move(ehlo->name), Protocol::esmtp);
  } else if (auto* helo = std::get_if<wire::Helo>(&command)) {
    co_await greeted(std::move(helo->name), Protocol::smtp);
  } else if (std::holds_alternative<wire::Quit>(command)) {
    reply(wire::kBye);
    open_ = false;
  } else if (std::holds_alternative<wire::Rset>(command)) {
    forget_transaction();
    reply(wire::kOk);
  } else if (std::holds_alternative<wire::Noop>(command)) {
    reply(wire::kOk);
  } else if (auto* question = std::get_if<wire::Vrfy>(&command)) {
    co_await vrfy(std::move(*question));
  } else if (auto* turn = std::get_if<wire::Etrn>(&command)) {
    etrn(*turn);
  } else if (std::holds_alternative<wire::Auth>(command)) {
    complain({503, {5, 5, 1}, "Error: authentication not enabled"});
  } else if (std::holds_alternative<wire::StartTls>(command)) {
    co_await starttls();
  } else if (const auto* chunk = std::get_if<wire::Bdat>(&command)) {
    co_await bdat(*chunk);
  } else {
    complain(mail::status::not_recognized());
  }
}

// RFC 2920: whoever was not offered PIPELINING, or sends more behind a command that ends a group, may be a
// program that does not read our replies.
bool Session::is_improper(std::string_view line) {
  const Verb verb = wire::first_verb(line);
  const bool usual =
      protocol_ == Protocol::esmtp && shared_.setup.rules.offer.pipelining && !ends_group(verb);
  const bool offered = handed_ == nullptr || handed_->pipelining();
  // Behind BDAT comes its chunk. Where no extension was asked for, that is remarked upon, as by Postfix.
  const bool is_chunk = verb == Verb::bdat;
  const bool allowed = (is_chunk && protocol_ == Protocol::esmtp) || (usual && offered);
  if (allowed || pipelined_ || stream_.buffered().empty()) return false;
  log_info(concat("improper command pipelining after ", name_of(verb), " from ", peer_.text(), ": ",
                  escaped(stream_.buffered())));
  pipelined_ = true;
  if (!is_chunk && offends(screening::Test::pipelining, name_of(verb), stream_.buffered())) return true;
  // What only screen's test did not offer is for that test to refuse.
  if (usual || !*shared_.setup.smtpd.forbid_unauth_pipelining) return false;
  complain({554, {5, 5, 0}, "Error: SMTP protocol synchronization"});
  open_ = false;
  return true;
}

// screen's test, where it was left to us. True: the session is over.
bool Session::is_foreign(std::string_view line, std::string_view before) {
  const Setup& setup = shared_.setup;
  const auto word = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
  return wire::is_non_smtp(word.substr(0, word.find_first_of(" \t")), setup.rules.forbidden_commands,
                           *setup.smtpd.smtputf8_enable) &&
         offends(screening::Test::non_smtp_command, before, line);
}

// A web client, or a mail header: somebody makes a program send us what it believes to be something else.
bool Session::is_forbidden(std::string_view line) {
  if (!wire::is_forbidden(line, shared_.setup.rules.forbidden_commands)) return false;
  log_warning(concat("non-SMTP command from ", peer_.text(), ": ", printable(line, 100)));
  if (tls_) shared_.tls.confusions.add();
  muted_ = false;  // the last word, whatever was said elsewhere
  reply(mail::status::foreign_protocol(221));
  open_ = false;
  return true;
}

bool Session::is_noop(std::string_view line) const {
  return wire::is_among(line, shared_.setup.rules.noop_commands);
}

bool Session::refuses_bare_newline() {
  const auto policy = bare_newline_policy();
  if (policy == wire::BareNewline::note) bare_lf_ = true;
  if (policy != wire::BareNewline::refuse) return false;
  reject(bare_newline_refusal());
  open_ = false;
  return true;
}

void Session::count_junk() {
  if (junk_++ > *shared_.setup.smtpd.junk_command_limit) ++errors_;
}

// Replies to a client that makes errors wait; other clients do not. Where others need its place it is not kept for long.
net::Task<void> Session::hold_back() {
  const Duration pause = *shared_.setup.smtpd.error_sleep_time;
  co_await net::sleep_until(shared_.loop, shared_.loop.in(pause / 100 * shared_.load.percent(proven_)));
  co_await send_replies();
}

net::Task<void> Session::send_replies() {
  auto flushed = co_await stream_.flush(wait());
  waited();
  if (!flushed && open_) {
    co_await no_line(std::move(flushed.error()));
  }
}

// What can happen instead of a command.
net::Task<void> Session::no_line(Error error) {
  if (error.kind == Errc::too_long) {
    where_ = name_of(Verb::unknown);
    tally_.met(Verb::unknown);
    co_await skip_line();
    co_return;
  }
  if (error.kind == Errc::timeout) {
    out_of_time(place());
    co_return;
  }
  open_ = false;
  if (meets_tls(error)) co_return;
  if (!shared_.stopping && where_ != kEndOfMessage) {
    log_info(concat("lost connection after ", place(), " from ", peer_.text()));
  }
}

net::Task<void> Session::skip_line() {
  for (std::size_t skipped = 0; skipped < kMostSkipped;) {
    auto some = co_await stream_.read_some(wait());
    waited();
    if (!some) {
      co_await no_line(std::move(some.error()));
      co_return;
    }
    const auto end = some->find('\n');
    if (end != std::string_view::npos) {
      stream_.unread(some->substr(end + 1));
      complain(mail::status::too_long());
      co_return;
    }
    skipped += some->size();
  }
  complain(mail::status::too_long());
  open_ = false;
}

void Session::forget_transaction() {
  mail_.reset();
  skips_chunks_ = false;
}

Case Session::facts() const {
  Case known;
  known.client = &peer_;
  known.helo = helo_;
  if (mail_) known.sender = &mail_->sender;
  known.recipient = recipient_;
  known.pipelined = pipelined_;
  return known;
}

net::Task<Refusal> Session::judge(Stage stage) {
  const Case known = facts();
  net::Task<Refusal> judging = shared_.policy.judge(stage, known);
  const Deadline limit = shared_.loop.in(*shared_.setup.access.lookup_time_limit);
  auto refused = co_await net::with_deadline<Refusal>(shared_.loop, std::move(judging), limit);
  if (refused) co_return std::move(*refused);
  log_warning(concat("lookups for ", where_, " from ", peer_.text(), " exceed smtpd_lookup_time_limit"));
  co_return mail::status::server_error();
}

}  // namespace postern::smtpd
