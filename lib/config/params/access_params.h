// Who may do what in smtpd: restriction lists, rate limits, and the codes of refusals.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct AccessParams : ParamGroup {
  Param<List> client_restrictions{*this, "smtpd_client_restrictions", "", "At connect."};
  Param<List> helo_restrictions{*this, "smtpd_helo_restrictions", "", "At HELO and EHLO."};
  Param<List> sender_restrictions{*this, "smtpd_sender_restrictions", "", "At MAIL."};
  Param<List> relay_restrictions{*this, "smtpd_relay_restrictions",
      "${{$compatibility_level} <level {1} ? {} : {permit_mynetworks, permit_sasl_authenticated, "
      "defer_unauth_destination}}",
      "At RCPT, before the recipient restrictions: who may relay."};
  Param<List> recipient_restrictions{*this, "smtpd_recipient_restrictions", "", "At RCPT."};
  Param<List> data_restrictions{*this, "smtpd_data_restrictions", "", "At DATA."};
  Param<List> end_of_data_restrictions{*this, "smtpd_end_of_data_restrictions", "", "After the content."};
  Param<List> etrn_restrictions{*this, "smtpd_etrn_restrictions", "", "At ETRN.", not_yet()};
  Param<List> restriction_classes{*this, "smtpd_restriction_classes", "",
      "Names of lists of restrictions that tables and other lists may use.", not_yet()};
  Param<Seconds> lookup_time_limit{*this, "smtpd_lookup_time_limit", "${stress?{20}:{200}}s",
      "How long all lookups that judge one command may take. Not in Postfix.", at_least(1)};
  Param<bool> delay_reject{
      *this, "smtpd_delay_reject", "yes", "Refuse at RCPT what was to be refused at connect, HELO or MAIL."};
  Param<bool> reject_unlisted_recipient{*this, "smtpd_reject_unlisted_recipient", "yes",
      "Refuse recipients that no table of their domain class knows."};
  Param<bool> reject_unlisted_sender{*this, "smtpd_reject_unlisted_sender", "no", "The same for senders."};
  Param<bool> show_user_unknown_table_name{
      *this, "show_user_unknown_table_name", "yes", "Name the table in \"User unknown\" replies."};

  Param<int> client_connection_count_limit{*this, "smtpd_client_connection_count_limit", "50",
      "Connections of one client at a time; 0: no limit.", not_yet()};
  Param<int> client_connection_rate_limit{*this, "smtpd_client_connection_rate_limit", "0",
      "Connections of one client in anvil_rate_time_unit; 0: no limit.", not_yet()};
  Param<int> client_message_rate_limit{
      *this, "smtpd_client_message_rate_limit", "0", "The same for messages.", not_yet()};
  Param<int> client_recipient_rate_limit{
      *this, "smtpd_client_recipient_rate_limit", "0", "The same for recipients.", not_yet()};
  Param<List> client_event_limit_exceptions{*this, "smtpd_client_event_limit_exceptions",
      "${smtpd_client_connection_limit_exceptions:$mynetworks}", "Clients without these limits."};
  Param<int> client_new_tls_session_rate_limit{*this, "smtpd_client_new_tls_session_rate_limit", "0",
      "TLS handshakes of one client in anvil_rate_time_unit that resume no session; 0: no limit.",
      at_least(0)};
  Param<Seconds> rate_time_unit{
      *this, "anvil_rate_time_unit", "60s", "The time that client rates are counted over.", at_least(1)};

  Param<int> access_map_reject_code{*this, "access_map_reject_code", "554", "For REJECT in a table.", kCode};
  Param<int> defer_code{*this, "defer_code", "450", "For `defer`.", kCode};
  Param<int> reject_code{*this, "reject_code", "554", "For `reject`.", kCode};
  Param<int> relay_domains_reject_code{
      *this, "relay_domains_reject_code", "554", "For reject_unauth_destination.", kCode};
  Param<int> maps_rbl_reject_code{*this, "maps_rbl_reject_code", "554", "For DNS lists.", not_yet(kCode)};
  Param<int> invalid_hostname_reject_code{
      *this, "invalid_hostname_reject_code", "501", "For reject_invalid_helo_hostname.", kCode};
  Param<int> non_fqdn_reject_code{*this, "non_fqdn_reject_code", "504", "For reject_non_fqdn_*.", kCode};
  Param<int> unknown_client_reject_code{
      *this, "unknown_client_reject_code", "450", "For reject_unknown_client_hostname.", not_yet(kCode)};
  Param<int> unknown_hostname_reject_code{
      *this, "unknown_hostname_reject_code", "450", "For reject_unknown_helo_hostname.", not_yet(kCode)};
  Param<int> unknown_address_reject_code{*this, "unknown_address_reject_code", "450",
      "For reject_unknown_sender_domain and reject_unknown_recipient_domain.", not_yet(kCode)};
  Param<int> unknown_local_recipient_reject_code{
      *this, "unknown_local_recipient_reject_code", "550", "For an unknown user in mydestination.", kCode};
  Param<int> unknown_relay_recipient_reject_code{
      *this, "unknown_relay_recipient_reject_code", "550", "For an unknown user in relay_domains.", kCode};
  Param<int> unknown_virtual_alias_reject_code{*this, "unknown_virtual_alias_reject_code", "550",
      "For an unknown user in virtual_alias_domains.", kCode};
  Param<int> unknown_virtual_mailbox_reject_code{*this, "unknown_virtual_mailbox_reject_code", "550",
      "For an unknown user in virtual_mailbox_domains.", kCode};
  Param<int> multi_recipient_bounce_reject_code{*this, "multi_recipient_bounce_reject_code", "550",
      "For reject_multi_recipient_bounce.", not_yet(kCode)};

 private:
  static constexpr ParamSpec kCode = between(200, 599);
};

}  // namespace postern::config
