// The engine of postscreen: it lets a client speak as far as it takes to see how it does that.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/wire/reply.h"
#include "screen/dialogue.h"

namespace postern::screen {

using wire::Verb;

namespace {

constexpr std::size_t kLongestName = 512;  // bytes of HELO's name that are kept
constexpr std::string_view kUnknown = "502 5.5.2 Error: command not recognized\r\n";

// A path as a client wrote it, in whatever form, as an address in internal form: quotes and a route gone.
std::string loose_address(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const bool bracketed = text.starts_with('<');
  if (bracketed) text.remove_prefix(1);
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!quoted && (bracketed ? c == '>' : is_blank(c))) break;
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && i + 1 < text.size()) {
      out += text[++i];
    } else {
      out += c;
    }
  }
  const auto route_end = out.find(':');
  if (out.starts_with('@') && route_end != std::string::npos) out.erase(0, route_end + 1);
  return out;
}

}  // namespace

void Dialogue::answer_as_dummy(std::string_view word, std::string_view rest, std::string_view behind,
                               Turn& turn) {
  const Verb verb = wire::first_verb(word);
  if (verb == Verb::rcpt) at_rcpt_ = true;
  const bool is_free = verb == Verb::helo || verb == Verb::ehlo || verb == Verb::noop || verb == Verb::quit ||
                       verb == Verb::starttls || verb == Verb::auth || verb == Verb::unknown;
  if (setup_.tls_required && !encrypted_ && !is_free) return say(turn, mail::status::tls_required());
  switch (verb) {
    case Verb::helo:
    case Verb::ehlo: return say_hello(verb, rest, turn);
    case Verb::mail: return take_sender(rest, turn);
    case Verb::rcpt: return refuse_recipient(rest, turn);
    case Verb::data:
    case Verb::bdat: return refuse_content(verb, rest, turn);
    case Verb::rset: in_mail_ = false; return say(turn, wire::kOk);
    case Verb::noop: return say(turn, wire::kOk);
    case Verb::quit: return hang_up(turn, wire::kBye);
    case Verb::vrfy:
      if (rest.empty()) return say(turn, "501 5.5.4 Syntax: VRFY address\r\n");
      if (*setup_.params.disable_vrfy_command) return say(turn, "502 5.5.1 VRFY command is disabled\r\n");
      return say(turn, refusal());
    case Verb::etrn:
      return say(turn, rest.empty() ? "500 Syntax: ETRN domain\r\n" : "458 Unable to queue messages\r\n");
    case Verb::starttls: return start_tls(rest, behind, turn);
    case Verb::auth:
    case Verb::unknown: return say(turn, kUnknown);
  }
}

std::string_view Dialogue::refusal() const {
  return refusal_.empty() ? std::string_view("450 4.3.2 Service currently unavailable\r\n") : refusal_;
}

void Dialogue::say_hello(Verb verb, std::string_view rest, Turn& turn) {
  const bool extended = verb == Verb::ehlo;
  const auto name = rest.substr(0, rest.find_first_of(" \t"));
  if (name.empty()) {
    return say(turn, extended ? "501 Syntax: EHLO hostname\r\n" : "501 Syntax: HELO hostname\r\n");
  }
  helo_ = printable(name, kLongestName);
  in_mail_ = false;
  esmtp_ = esmtp_ || extended;
  if (extended) return say_ehlo(turn);
  say(turn, setup_.server.helo);
}

void Dialogue::say_ehlo(Turn& turn) {
  const wire::Discarded& discarded = own_discarded_ ? discarded_ : setup_.discarded;
  if (own_discarded_ && !discarded.empty() && !discarded.silent()) {
    turn.log.push_back(concat(ends_.client(), ": discarding EHLO keywords: ", discarded.text()));
  }
  if (!own_discarded_ && !encrypted_) return say(turn, setup_.ehlo_dummy);
  wire::Offer offer = wire::without(setup_.offer_dummy, discarded);
  if (encrypted_) offer.starttls = false;
  buffer_ = setup_.server.ehlo(offer);
  say(turn, buffer_);
}

void Dialogue::take_sender(std::string_view rest, Turn& turn) {
  const auto colon = rest.find(':');
  if (*setup_.params.helo_required && helo_.empty()) {
    say(turn, "503 5.5.1 Error: send HELO/EHLO first\r\n");
  } else if (in_mail_) {
    say(turn, "503 5.5.1 Error: nested MAIL command\r\n");
  } else if (colon == std::string_view::npos) {
    say(turn, "501 5.5.4 Syntax: MAIL FROM:<address>\r\n");
  } else {
    sender_ = loose_address(rest.substr(colon + 1));
    in_mail_ = true;
    say(turn, wire::kMailOk);
  }
}

void Dialogue::refuse_recipient(std::string_view rest, Turn& turn) {
  const auto colon = rest.find(':');
  if (!in_mail_) return say(turn, "503 5.5.1 Error: need MAIL command\r\n");
  if (colon == std::string_view::npos) return say(turn, "501 5.5.4 Syntax: RCPT TO:<address>\r\n");
  recipient_ = loose_address(rest.substr(colon + 1));
  const auto reply = refusal();
  std::string shown(reply.substr(0, reply.find('\r')));
  if (*setup_.common.soft_bounce) wire::soften(shown);
  turn.log.push_back(concat("NOQUEUE: reject: RCPT from ", ends_.client(), ": ", shown, "; from=<",
                            printable(mail::shown_address(sender_)), ">, to=<",
                            printable(mail::shown_address(recipient_)),
                            ">, proto=", esmtp_ ? "ESMTP" : "SMTP", ", helo=<", helo_, '>'));
  say(turn, reply);
  recipient_.clear();
}

// Content would follow, or does: nothing good can come of it.
void Dialogue::refuse_content(Verb verb, std::string_view rest, Turn& turn) {
  turn.log.push_back(concat(wire::name_of(verb), " without valid RCPT from ", ends_.client()));
  if (verb == Verb::data) {
    if (!rest.empty()) return hang_up(turn, "501 5.5.4 Syntax: DATA\r\n");
    if (!in_mail_) return hang_up(turn, "503 5.5.1 Error: need RCPT command\r\n");
  } else {
    if (rest.empty()) return hang_up(turn, "501 5.5.4 Syntax: BDAT count [LAST]\r\n");
    if (!in_mail_) return hang_up(turn, "554 5.5.1 Error: need MAIL command\r\n");
  }
  hang_up(turn, "554 5.5.1 Error: no valid recipients\r\n");
}

void Dialogue::start_tls(std::string_view rest, std::string_view behind, Turn& turn) {
  if (!rest.empty()) return say(turn, "501 5.5.4 Syntax: STARTTLS\r\n");
  if (encrypted_) return say(turn, mail::status::tls_active());
  const wire::Discarded& discarded = own_discarded_ ? discarded_ : setup_.discarded;
  if (!setup_.tls || discarded.has("STARTTLS"))
    return say(turn, "502 5.5.1 Error: command not implemented\r\n");
  if (!setup_.tls_ready) return say(turn, mail::status::tls_unavailable());
  // Somebody on the way may have put it there (CVE-2011-0411).
  if (!behind.empty()) {
    turn.injected = true;
    turn.log.push_back(
        concat("warning: TLS: ", ends_.client(), " sends plain text behind STARTTLS: ", escaped(behind)));
    return hang_up(turn, mail::status::text_behind_starttls(setup_.host()));
  }
  say(turn, mail::status::tls_ready());
  turn.next = Next::start_tls;
}

}  // namespace postern::screen
