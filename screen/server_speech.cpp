// smtpd's answers, as far as they need no judgement. What is said here and in smtpd/ must be the same: the parts are
// shared in lib/wire (server_rules.h, command.h), and a test compares the two.
#include "lib/base/text.h"
#include "lib/wire/command.h"
#include "screen/dialogue.h"

namespace postern::screen {

using wire::Verb;

namespace {

bool needs_tls(Verb verb) {
  return verb == Verb::mail || verb == Verb::rcpt || verb == Verb::data || verb == Verb::rset;
}

}  // namespace

// True for a line that smtpd must see: it wants a judgement, or smtpd would notice something about it.
bool Dialogue::is_servers(Verb verb, std::string_view line, bool crlf, std::string_view behind) const {
  if (said_.full() || (!crlf && setup_.minds_bare_newline)) return true;
  const bool may_pipeline =
      esmtp_ && pipelining() && setup_.server.offer.pipelining && !wire::ends_group(verb);
  if (!behind.empty() && !may_pipeline) return true;
  switch (verb) {
    case Verb::starttls:
    case Verb::auth:
    case Verb::bdat:
    case Verb::vrfy:
    case Verb::etrn: return true;
    case Verb::unknown: return wire::is_forbidden(line, setup_.server.forbidden_commands);
    default: return false;
  }
}

void Dialogue::answer_as_server(std::string_view line, bool crlf, std::string_view behind, Turn& turn) {
  const Verb verb = wire::first_verb(line);
  if (verb == Verb::rcpt) at_rcpt_ = true;
  if (is_servers(verb, line, crlf, behind)) {
    turn.next = Next::hand_over;
    return;
  }
  turn.slow = errors_ >= *setup_.smtpd.soft_error_limit;
  if (setup_.tls_required && needs_tls(verb)) {
    complain(verb, mail::status::tls_required(), turn);
  } else if (!is_utf8(line)) {
    complain(verb, wire::bad_utf8(), turn);
  } else if (wire::is_among(line, setup_.server.noop_commands)) {
    said_.obeyed_nothing(line);
    say(turn, wire::kOk);
  } else {
    const auto command = wire::parse_command(line, setup_.server.grammar);
    if (command) {
      obey(*command, line, verb, turn);
    } else {
      complain(verb, command.error(), turn);
    }
  }
  if (turn.next == Next::hand_over) {
    turn.slow = false;
    return;
  }
  const bool is_junk = verb == Verb::rset || verb == Verb::noop;
  if (is_junk && junk_++ > *setup_.smtpd.junk_command_limit) ++errors_;
  end_when_due(verb, turn);
}

void Dialogue::obey(const wire::Command& command, std::string_view line, Verb verb, Turn& turn) {
  if (const auto* ehlo = std::get_if<wire::Ehlo>(&command)) {
    said_.obeyed(verb, line);
    greet(verb, ehlo->name, turn);
  } else if (const auto* helo = std::get_if<wire::Helo>(&command)) {
    said_.obeyed(verb, line);
    greet(verb, helo->name, turn);
  } else if (const auto* sender = std::get_if<wire::Mail>(&command)) {
    const auto refused = wire::mail_refusal(*sender, setup_.server.mail, !helo_.empty(), in_mail_);
    if (refused) return complain(verb, *refused, turn);
    said_.obeyed(verb, line);
    in_mail_ = true;
    say(turn, wire::kMailOk);
  } else if (std::holds_alternative<wire::Rset>(command)) {
    said_.obeyed(verb, line);
    in_mail_ = false;
    say(turn, wire::kOk);
  } else if (std::holds_alternative<wire::Noop>(command)) {
    said_.obeyed_nothing(line);
    say(turn, wire::kOk);
  } else if (std::holds_alternative<wire::Quit>(command)) {
    hang_up(turn, wire::kBye);
  } else if (std::holds_alternative<wire::Rcpt>(command) && !in_mail_) {
    complain(verb, mail::status::out_of_order("MAIL"), turn);
  } else if (std::holds_alternative<wire::Data>(command) && !in_mail_) {
    complain(verb, mail::status::out_of_order("RCPT"), turn);
  } else if (verb == Verb::unknown) {
    complain(verb, mail::status::not_recognized(), turn);
  } else {
    turn.next = Next::hand_over;
  }
}

void Dialogue::greet(Verb verb, std::string_view name, Turn& turn) {
  helo_ = printable(name, 255);
  in_mail_ = false;
  esmtp_ = verb == Verb::ehlo;
  if (!esmtp_) return say(turn, setup_.server.helo);
  if (!own_discarded_) return say(turn, pipelining() ? setup_.ehlo_server : setup_.ehlo_in_turn);
  wire::Offer offer = wire::without(setup_.server.offer, discarded_);
  offer.pipelining = offer.pipelining && pipelining();
  buffer_ = setup_.server.ehlo(offer);
  say(turn, buffer_);
}

void Dialogue::complain(Verb verb, const mail::Status& status, Turn& turn) {
  ++errors_;
  said_.refused(verb);
  say(turn, status);
}

void Dialogue::end_when_due(Verb verb, Turn& turn) {
  if (turn.next == Next::hang_up) return;
  if (errors_ < *setup_.smtpd.hard_error_limit) return;
  turn.log.push_back(concat("too many errors after ", wire::name_of(verb), " from ", ends_.client()));
  buffer_ = concat(turn.reply, "421 4.7.0 ", setup_.host(), " Error: too many errors\r\n");
  turn.reply = buffer_;
  turn.next = Next::hang_up;
}

}  // namespace postern::screen
