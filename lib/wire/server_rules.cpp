#include "lib/wire/server_rules.h"

#include "lib/base/text.h"

namespace postern::wire {

ServerRules::ServerRules(const config::SmtpdParams& smtpd, const config::LimitParams& limits,
                         std::string_view name, bool starttls)
    : host(name), greeting(concat("220 ", *smtpd.banner, "\r\n")), helo(helo_reply(name)) {
  noop_commands = command_words(*smtpd.noop_commands, "smtpd_noop_commands");
  forbidden_commands = command_words(*smtpd.forbidden_commands, "smtpd_forbidden_commands");
  follow(smtpd, limits, starttls);
}

void ServerRules::follow(const config::SmtpdParams& smtpd, const config::LimitParams& limits, bool starttls) {
  mail.helo_required = *smtpd.helo_required;
  mail.size_limit = static_cast<std::uint64_t>(*limits.message_size_limit);
  grammar = *smtpd.strict_rfc821_envelopes ? mail::Grammar::strict : mail::Grammar::lenient;
  offer = {};
  offer.pipelining = true;
  offer.size = true;
  offer.size_limit = mail.size_limit;
  offer.vrfy = !*smtpd.disable_vrfy_command;
  offer.starttls = starttls;
  offer.enhanced_status_codes = true;
  offer.eight_bit_mime = true;
  offer.chunking = true;
  offer = without(offer, Discarded(*smtpd.discard_ehlo_keywords));
}

std::string ServerRules::ehlo(Offer offered) const {
  offered.host = host;
  return ehlo_reply(offered);
}

}  // namespace postern::wire
