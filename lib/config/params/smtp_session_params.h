// The parameters of the SMTP and LMTP clients: what is said in a session, and what is done to content on its way out.
#pragma once

#include "lib/config/params/smtp_side.h"

namespace postern::config {

struct SmtpSessionParams : SidedParams {
  explicit SmtpSessionParams(Side side) : SidedParams(side) {}

  Param<Seconds> data_done_timeout{*this, name("data_done_timeout"), "600s",
      "How long to wait for the reply to the end of content.", at_least(1)};
  Param<Seconds> data_init_timeout{
      *this, name("data_init_timeout"), "120s", "How long to wait for the reply to DATA.", at_least(1)};
  Param<Seconds> data_xfer_timeout{
      *this, name("data_xfer_timeout"), "180s", "How long sending a piece of content may take.", at_least(1)};
  Param<Seconds> delivery_time_limit{*this, name("delivery_time_limit"), "3600s",
      "How long one message may take with one server; content moves it on at min_data_rate.", at_least(1)};
  Param<std::string> body_checks{
      *this, name("body_checks"), "", "Tables that judge body lines on their way out.", not_yet()};
  Param<std::string> delivery_status_filter{*this, name("delivery_status_filter"),
      "$default_delivery_status_filter", "Tables that rewrite the status of deliveries."};
  Param<std::string> discard_ehlo_keyword_address_maps{*this,
      is_lmtp() ? "lmtp_discard_lhlo_keyword_address_maps" : "smtp_discard_ehlo_keyword_address_maps", "",
      "Tables of EHLO keywords to ignore, by server."};
  Param<List> discard_ehlo_keywords{*this,
      is_lmtp() ? "lmtp_discard_lhlo_keywords" : "smtp_discard_ehlo_keywords", "",
      "EHLO keywords to ignore."};
  Param<std::string> generic_maps{
      *this, name("generic_maps"), "", "Tables that turn local addresses into valid ones on their way out."};
  Param<std::string> header_checks{
      *this, name("header_checks"), "", "Tables that judge headers on their way out."};
  Param<std::string> helo_name{*this, is_lmtp() ? "lmtp_lhlo_name" : "smtp_helo_name", "$myhostname",
      "The name that we say EHLO with.", at_least(1)};
  Param<Seconds> helo_timeout{*this, is_lmtp() ? "lmtp_lhlo_timeout" : "smtp_helo_timeout", "300s",
      "How long to wait for the reply to EHLO.", at_least(1)};
  Param<int> line_length_limit{
      *this, name("line_length_limit"), "998", "The longest line that is sent; longer ones are folded."};
  Param<Seconds> mail_timeout{
      *this, name("mail_timeout"), "300s", "How long to wait for the reply to MAIL.", at_least(1)};
  Param<std::string> mime_header_checks{
      *this, name("mime_header_checks"), "", "Tables that judge MIME headers on their way out."};
  Param<int> min_data_rate{
      *this, name("min_data_rate"), "500", "Bytes per second that move the deadline on.", at_least(1)};
  Param<std::string> nested_header_checks{*this, name("nested_header_checks"), "",
      "Tables that judge headers of attached messages on their way out.", not_yet()};
  Param<bool> per_request_deadline{*this, name("per_request_deadline"), "yes",
      "Content must move at min_data_rate. Differs from Postfix: each timeout is for a whole request, always."};
  Param<Seconds> quit_timeout{
      *this, name("quit_timeout"), "300s", "How long to wait for the reply to QUIT.", at_least(1)};
  Param<bool> quote_rfc821_envelope{
      *this, name("quote_rfc821_envelope"), "yes", "Quote local parts as the standard says."};
  Param<Seconds> rcpt_timeout{
      *this, name("rcpt_timeout"), "300s", "How long to wait for the reply to RCPT.", at_least(1)};
  Param<std::string> reply_filter{*this, name("reply_filter"), "", "Tables that rewrite replies."};
  Param<Seconds> rset_timeout{
      *this, name("rset_timeout"), "20s", "How long to wait for the reply to RSET.", at_least(1)};
  Param<bool> send_xforward_command{
      *this, name("send_xforward_command"), "no", "Tell the server who the client was."};
  Param<bool> skip_5xx_greeting{
      *this, name("skip_5xx_greeting"), "yes", "Try the next exchanger after a greeting of 5xx."};
  Param<bool> skip_quit_response{
      *this, name("skip_quit_response"), is_lmtp() ? "no" : "yes", "Do not wait for the reply to QUIT."};
  Param<Seconds> xforward_timeout{
      *this, name("xforward_timeout"), "300s", "How long to wait for the reply to XFORWARD.", at_least(1)};
};

}  // namespace postern::config
