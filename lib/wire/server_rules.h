// What a server's parameters say about the answers that need nobody's judgement. smtpd reads it, and screen, which speaks in
// smtpd's name: what EHLO offers is decided here, for both.
#pragma once

#include <string>

#include "lib/config/params/limit_params.h"
#include "lib/config/params/smtpd_params.h"
#include "lib/mail/address.h"
#include "lib/wire/server_replies.h"

namespace postern::wire {

struct ServerRules {
  ServerRules() = default;
  // `host` is myhostname; `starttls`: TLS is wanted (smtpd_tls_security_level).
  ServerRules(const config::SmtpdParams& smtpd, const config::LimitParams& limits, std::string_view host,
              bool starttls = false);
  // Takes the numbers and booleans anew, as after a change of stress: MAIL's rules and what EHLO offers. Texts and lists stay.
  void follow(const config::SmtpdParams& smtpd, const config::LimitParams& limits, bool starttls);

  std::string host;
  std::string greeting;  // whole lines, with CR LF
  std::string helo;
  Offer offer;  // without what is discarded; offer.host is empty, so that the rules can be copied
  MailRules mail;
  mail::Grammar grammar = mail::Grammar::lenient;  // of MAIL and RCPT
  CommandWords noop_commands, forbidden_commands;

  // The whole reply to EHLO, when `offered` is offered.
  std::string ehlo(Offer offered) const;
  std::string ehlo() const { return ehlo(offer); }
};

}  // namespace postern::wire
