// The parameters that smtpd reads: the conversation and its limits. Policy and reply codes: access_params.h.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct SmtpdParams : ParamGroup {
  Param<std::string> banner{*this, "smtpd_banner", "$myhostname ESMTP $mail_name",
      "What follows 220 in the greeting; must start with the host's name.", at_least(1)};
  Param<Seconds> timeout{*this, "smtpd_timeout", "${stress?{10}:{300}}s",
      "How long to wait for the client's next command, or for a reply to be taken.", at_least(1)};
  Param<bool> per_request_deadline{*this, "smtpd_per_request_deadline", "yes",
      "smtpd_timeout is for one whole request. Differs from Postfix: always, not only under stress."};
  Param<int> min_data_rate{*this, "smtpd_min_data_rate", "500",
      "Bytes per second of content that move the deadline on.", at_least(1)};
  Param<Seconds> session_time_limit{*this, "smtpd_session_time_limit", "${stress?{600}:{3600}}s",
      "How long one session may keep the server waiting in all; content pays back. 0: no limit."};
  Param<Seconds> first_command_time_limit{*this, "smtpd_first_command_time_limit", "${stress?{10}:{60}}s",
      "How long to wait for the first whole command of a session. 0: no limit but smtpd_timeout."};
  Param<List> load_limits{*this, "smtpd_load_limits", "50:50 75:20 90:10",
      "From which percentage of process_session_limit on time limits are how many percent of normal."};
  Param<int> soft_error_limit{*this, "smtpd_soft_error_limit", "10",
      "Errors in one session, without a delivered message, after which replies are delayed.", at_least(1)};
  Param<int> hard_error_limit{*this, "smtpd_hard_error_limit", "${stress?{1}:{20}}",
      "Errors in one session, without a delivered message, after which it is closed.", at_least(1)};
  Param<int> junk_command_limit{*this, "smtpd_junk_command_limit", "${stress?{1}:{100}}",
      "NOOP, VRFY, ETRN and RSET commands in one session after which they count as errors.", at_least(1)};
  Param<Seconds> error_sleep_time{
      *this, "smtpd_error_sleep_time", "1s", "The delay of replies to a client that makes errors."};
  Param<bool> helo_required{*this, "smtpd_helo_required", "no", "Ask for HELO or EHLO before MAIL."};
  Param<int> recipient_limit{
      *this, "smtpd_recipient_limit", "1000", "Recipients of one message.", at_least(1)};
  Param<int> recipient_overshoot_limit{*this, "smtpd_recipient_overshoot_limit", "1000",
      "Recipients beyond the limit that are refused before they count as errors.", at_least(1)};
  Param<List> discard_ehlo_keywords{*this, "smtpd_discard_ehlo_keywords", "",
      "Extensions that EHLO does not offer: pipelining, starttls, auth, ..., silent-discard."};
  Param<bool> disable_vrfy_command{*this, "disable_vrfy_command", "no", "Refuse VRFY."};
  Param<bool> strict_rfc821_envelopes{*this, "strict_rfc821_envelopes", "no",
      "Refuse addresses in MAIL and RCPT that are not inside <> or hold comments and phrases."};
  Param<std::string> forbid_bare_newline{*this, "smtpd_forbid_bare_newline", "normalize",
      "Lines that end without CR: no, normalize (yes), note, or reject.",
      one_of("no yes normalize note reject")};
  Param<List> forbid_bare_newline_exclusions{
      *this, "smtpd_forbid_bare_newline_exclusions", "$mynetworks", "Clients for whom the above is no."};
  Param<int> forbid_bare_newline_reject_code{
      *this, "smtpd_forbid_bare_newline_reject_code", "550", "The code for reject.", between(500, 599)};
  Param<bool> forbid_unauth_pipelining{*this, "smtpd_forbid_unauth_pipelining", "no",
      "Disconnect clients that speak before it is their turn."};
  Param<List> forbidden_commands{*this, "smtpd_forbidden_commands", "CONNECT GET POST",
      "Commands that end the session at once: the client does not speak SMTP."};
  Param<List> noop_commands{
      *this, "smtpd_noop_commands", "", "Commands that are answered 250 and do nothing."};
  Param<bool> peername_lookup{*this, "smtpd_peername_lookup", "yes", "Look up the name of the client."};
  Param<std::string> command_filter{*this, "smtpd_command_filter", "", "Tables that rewrite commands."};
  Param<std::string> expansion_filter{*this, "smtpd_expansion_filter",
      "\\t\\40!\"#$%&'()*+,-./"
      "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
      "Characters that may stay in $names of replies.", {.min = 1, .expansion = Expansion::none}};
  Param<std::string> reject_footer{
      *this, "smtpd_reject_footer", "", "A text behind every refusal.", kUnexpanded};
  Param<bool> smtputf8_enable{*this, "smtputf8_enable", "${{$compatibility_level} <level {1} ? {no} : {yes}}",
      "Offer SMTPUTF8 (RFC 6531).", not_yet()};
  Param<std::string> proxy_filter{
      *this, "smtpd_proxy_filter", "", "host:port of a filter before the queue.", not_yet()};
  Param<List> milters{*this, "smtpd_milters", "", "Mail filters for mail from the network.", not_yet()};
  Param<std::string> upstream_proxy_protocol{*this, "smtpd_upstream_proxy_protocol", "",
      "What a proxy before us sends first: empty, or haproxy.", not_yet()};
  Param<List> authorized_xclient_hosts{
      *this, "smtpd_authorized_xclient_hosts", "", "Clients that may use XCLIENT.", not_yet()};
  Param<List> authorized_xforward_hosts{
      *this, "smtpd_authorized_xforward_hosts", "", "Clients that may use XFORWARD.", not_yet()};
};

}  // namespace postern::config
