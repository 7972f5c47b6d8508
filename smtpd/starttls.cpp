// STARTTLS (RFC 3207), and TLS from the connection on (RFC 8314).
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtpd/session.h"

namespace postern::smtpd {

namespace {

// A common name for a comment in Received: whatever could end the comment, or the string in it, is left out.
std::string shown(std::string_view name) {
  std::string text = printable(name, 100);
  for (char& c : text) {
    if (c == '(' || c == ')' || c == '"' || c == '\\') c = '?';
  }
  return text;
}

std::string certificate_text(const net::TlsFacts& facts, bool asked) {
  if (!asked) return "(No client certificate requested)";
  if (!facts.has_certificate) return "(Client did not present a certificate)";
  return concat("(Client CN \"", shown(facts.subject), "\", Issuer \"", shown(facts.issuer), "\" (",
                facts.is_trusted ? "verified OK" : "not verified", "))");
}

// "(using TLSv1.3 with cipher … bits)", where it is long with a line for each side's signature.
std::string cipher_text(const net::TlsFacts& facts) {
  net::TlsFacts brief = facts;
  brief.details.clear();
  std::string details = facts.details;
  const auto client = details.find(" client-signature");
  if (client != std::string::npos) details = concat(details.substr(0, client), '\n', details.substr(client));
  return concat("(using ", brief.text(), details.empty() ? "" : "\n ", details, ")");
}

}  // namespace

net::Task<void> Session::starttls() {
  const auto refusal = starttls_refusal();
  if (refusal) {
    complain(*refusal);
    co_return;
  }
  if (has_shaken_enough()) {
    log_warning(
        concat("Refusing STARTTLS request from ", peer_.text(), " for service ", shared_.setup.service));
    complain(mail::Status{454, {4, 7, 0}, concat("Error: too many new TLS sessions from ", peer_.text())});
    co_return;
  }
  reply(mail::status::tls_ready());
  auto sent = co_await stream_.flush(wait());
  waited();
  if (!sent) {
    ++errors_;
    co_await no_line(std::move(sent.error()));
    co_return;
  }
  co_await secure();
}

std::optional<mail::Status> Session::starttls_refusal() const {
  if (tls_) return mail::status::tls_active();
  if (!shared_.setup.rules.offer.starttls) return mail::status::not_implemented("command not implemented");
  if (!shared_.setup.tls.context) return mail::status::tls_unavailable();
  return std::nullopt;
}

// Whoever is in the middle of the connection may put commands behind a client's STARTTLS, to have them obeyed as if they had
// been said within TLS (CVE-2011-0411). A client that means well waits for our answer, so that there is nothing to lose.
bool Session::is_injected(std::string_view line) {
  const auto behind = stream_.buffered();
  if (behind.empty() || starttls_refusal()) return false;
  const auto command = wire::parse_command(line, shared_.setup.rules.grammar);
  if (!command || !std::holds_alternative<wire::StartTls>(*command)) return false;
  shared_.tls.injections.add();
  log_warning(concat("TLS: ", peer_.text(), " sends plain text behind STARTTLS: ", escaped(behind)));
  if (offends(screening::Test::pipelining, name_of(Verb::starttls), behind)) return true;
  stream_.discard_input();
  complain(mail::status::text_behind_starttls(shared_.setup.host()));
  return true;
}

// 0: this client may shake hands as often as it likes.
int Session::handshake_limit() const {
  const int limit = *shared_.setup.access.client_new_tls_session_rate_limit;
  const bool is_free = limit > 0 && shared_.setup.without_rates.matches_now(peer_.address()).value_or(false);
  return is_free ? 0 : limit;
}

// A client that is beyond the limit already: there is no handshake, only to be refused behind it.
bool Session::has_shaken_enough() const {
  const int limit = handshake_limit();
  return limit > 0 && shared_.handshakes.of(peer_.address(), shared_.loop.now()) > limit;
}

// Counts a handshake, failed or not, that resumed nothing. False: it was one too many.
bool Session::may_shake_hands(const Result<net::TlsFacts>& facts) {
  const int limit = handshake_limit();
  if (limit <= 0 || (facts && facts->is_resumed)) return true;
  const int rate = shared_.handshakes.add(std::string(peer_.address()), shared_.loop.now());
  if (rate <= limit) return true;
  log_warning(concat("New TLS session rate limit exceeded: ", rate, " from ", peer_.text(), " for service ",
                     shared_.setup.service));
  return false;
}

mail::Status Session::too_many_handshakes() const {
  return {
      421, {4, 7, 0}, concat(shared_.setup.host(), " Error: too many new TLS sessions from ", peer_.text())};
}

net::Task<void> Session::begin_in_tls() {
  if (has_shaken_enough()) {
    open_ = false;
    log_warning(
        concat("Refusing TLS service request from ", peer_.text(), " for service ", shared_.setup.service));
    co_return;
  }
  if (shared_.setup.tls.context) {
    co_await secure();
    co_return;
  }
  open_ = false;
  log_warning(concat("Wrapper-mode request dropped from ", peer_.text(), " for service ",
                     shared_.setup.service,
                     ". TLS context initialization failed. For details see earlier warnings in your logs."));
}

// What was learned in plain text may come from somebody else: all of it is forgotten (RFC 3207 4.2).
net::Task<void> Session::secure() {
  const daemon::ServerTls& tls = shared_.setup.tls;
  shakes_hands_ = true;
  begin_request();
  auto facts = co_await stream_.accept_tls(*tls.context, wait(*shared_.setup.tls_params.starttls_timeout));
  waited();
  shakes_hands_ = false;
  if (!facts && shared_.stopping) {
    open_ = false;
    co_return;
  }
  if (!facts && gives_way_) {
    out_of_time(where_);
    co_return;
  }
  daemon::log_tls(tls, peer_.text(), facts);
  count_handshake(facts);
  const bool within_rate = may_shake_hands(facts);
  if (!facts) {
    ++errors_;
    open_ = false;
    log_info(concat("lost connection after ", where_, " from ", peer_.text()));
    if (facts.error().kind == Errc::timeout) shared_.timed_out.add();
    co_return;
  }
  tls_ = std::make_unique<net::TlsFacts>(std::move(*facts));
  forget_plain_text();
  if (!within_rate) {
    ++errors_;
    reply(too_many_handshakes());
    co_return;
  }
  const auto objection = tls.objection(*tls_);
  if (objection.empty()) co_return;
  co_await send_away(objection);
}

// Text in place of the handshake is an injection only where there was plain text before.
void Session::count_handshake(const Result<net::TlsFacts>& facts) {
  auto breach = stream_.tls_breach();
  if (breach == net::TlsBreach::plain_text && *shared_.setup.tls_params.wrappermode)
    breach = net::TlsBreach::none;
  shared_.tls.shook_hands(facts, breach);
}

// What the client is, and how it behaved, it still is: only what it said is forgotten, and what it was promised for that.
void Session::forget_plain_text() {
  helo_.clear();
  forget_transaction();
  protocol_ = Protocol::smtp;
  pipelined_ = false;
  if (handed_) handed_->forget_promises();
}

// The client hears it where it expects to hear something: instead of the greeting, or else in answer to its next command,
// whatever that is.
net::Task<void> Session::send_away(std::string_view why) {
  log_info(concat("NOQUEUE: abort: TLS from ", peer_.text(), ": ", why));
  if (!*shared_.setup.tls_params.wrappermode) {
    begin_request();
    auto line = co_await stream_.read_line(shared_.setup.longest_line(), wait());
    waited();
  }
  reply(mail::Status{421, {4, 7, 1}, concat(shared_.setup.host(), " Error: ", why)});
}

// A client that speaks TLS where plain text is spoken: it has the wrong port, or somebody makes a browser talk to us.
bool Session::meets_tls(const Error& error) {
  if (error.kind != Errc::invalid || stream_.is_encrypted()) return false;
  shared_.tls.confusions.add();
  log_warning(concat("TLS: ", peer_.text(), " begins with TLS where plain text is spoken"));
  reply(mail::status::foreign_protocol(221));
  return true;
}

// What ended the session within TLS, if that was the client's doing.
void Session::tell_breach() {
  const auto breach = stream_.tls_breach();
  if (!tls_ || breach == net::TlsBreach::none) return;
  shared_.tls.ended(breach);
  daemon::log_breach(peer_.text(), breach, stream_.tls_breach_text());
}

// Only what leads to TLS, or away, is said in plain text where TLS is required.
bool Session::refuses_plain(Verb verb) const {
  if (tls_ || !shared_.setup.tls.is_required()) return false;
  switch (verb) {
    case Verb::helo:
    case Verb::ehlo:
    case Verb::starttls:
    case Verb::noop:
    case Verb::quit:
    case Verb::unknown: return false;
    default: return true;
  }
}

void Session::show_tls(ipc::Submit& submit) const {
  submit.encrypted = true;
  if (!*shared_.setup.tls_params.received_header) return;
  const bool asked = shared_.setup.tls.context->options().asks_certificate;
  submit.tls = concat(cipher_text(*tls_), '\n', certificate_text(*tls_, asked));
}

}  // namespace postern::smtpd
