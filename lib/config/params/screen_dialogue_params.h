// The parameters of screen: what it says to clients itself, and its tests of their commands.
#pragma once

#include <string>

#include "lib/config/param.h"
#include "lib/config/params/screen_params.h"

namespace postern::config {

struct ScreenDialogueParams : ParamGroup {
  Param<std::string> bare_newline_action{*this, "postscreen_bare_newline_action", "ignore",
      "What happens to clients that end lines without CR.", one_of(kScreenActions)};
  Param<bool> bare_newline_enable{
      *this, "postscreen_bare_newline_enable", "no", "Test how clients end their lines."};
  Param<Seconds> bare_newline_ttl{*this, "postscreen_bare_newline_ttl", "30d",
      "How long a passed test of line ends counts.", at_least(1)};
  Param<int> command_count_limit{
      *this, "postscreen_command_count_limit", "20", "Commands of one session.", at_least(1)};
  Param<std::string> command_filter{*this, "postscreen_command_filter", "", "Tables that rewrite commands."};
  Param<Seconds> command_time_limit{*this, "postscreen_command_time_limit", "${stress?{10}:{300}}s",
      "How long to wait for a command.", at_least(1)};
  Param<Seconds> session_time_limit{*this, "screen_session_time_limit", "${stress?{60}:{900}}s",
      "How long screen keeps a client in all, from its connection on. 0: no limit."};
  Param<bool> disable_vrfy_command{
      *this, "postscreen_disable_vrfy_command", "$disable_vrfy_command", "Refuse VRFY."};
  Param<std::string> discard_ehlo_keyword_address_maps{*this, "postscreen_discard_ehlo_keyword_address_maps",
      "$smtpd_discard_ehlo_keyword_address_maps", "Tables of EHLO keywords that are not offered, by client."};
  Param<List> discard_ehlo_keywords{*this, "postscreen_discard_ehlo_keywords", "$smtpd_discard_ehlo_keywords",
      "EHLO keywords that are not offered."};
  Param<bool> enforce_tls{*this, "postscreen_enforce_tls", "$smtpd_enforce_tls",
      "Obsolete: postscreen_tls_security_level = encrypt."};
  Param<std::string> expansion_filter{*this, "postscreen_expansion_filter", "$smtpd_expansion_filter",
      "Characters that may stay in $names of replies.", {.min = 1, .expansion = Expansion::none}};
  Param<List> forbidden_commands{*this, "postscreen_forbidden_commands", "$smtpd_forbidden_commands",
      "Commands that the test of commands refuses."};
  Param<bool> helo_required{
      *this, "postscreen_helo_required", "$smtpd_helo_required", "Ask for HELO or EHLO before MAIL."};
  Param<std::string> non_smtp_command_action{*this, "postscreen_non_smtp_command_action", "drop",
      "What happens to clients that do not speak SMTP.", one_of(kScreenActions)};
  Param<bool> non_smtp_command_enable{
      *this, "postscreen_non_smtp_command_enable", "no", "Test for commands that are not SMTP."};
  Param<Seconds> non_smtp_command_ttl{*this, "postscreen_non_smtp_command_ttl", "30d",
      "How long a passed test of commands counts.", at_least(1)};
  Param<std::string> pipelining_action{*this, "postscreen_pipelining_action", "enforce",
      "What happens to clients that send before it is their turn.", one_of(kScreenActions)};
  Param<bool> pipelining_enable{
      *this, "postscreen_pipelining_enable", "no", "Test for commands sent out of turn."};
  Param<Seconds> pipelining_ttl{
      *this, "postscreen_pipelining_ttl", "30d", "How long a passed test of turns counts.", at_least(1)};
  Param<std::string> reject_footer{
      *this, "postscreen_reject_footer", "$smtpd_reject_footer", "A text behind every refusal.", kUnexpanded};
  Param<std::string> reject_footer_maps{*this, "postscreen_reject_footer_maps", "$smtpd_reject_footer_maps",
      "Tables of such texts by refusal."};
  Param<std::string> tls_security_level{
      *this, "postscreen_tls_security_level", "$smtpd_tls_security_level", "none, may or encrypt."};
  Param<bool> use_tls{
      *this, "postscreen_use_tls", "$smtpd_use_tls", "Obsolete: postscreen_tls_security_level = may."};
};

}  // namespace postern::config
