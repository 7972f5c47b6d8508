// What messages may contain: the checks of cleanup, and what a receiving service may leave out.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

// Read by cleanup.
struct ContentParams : ParamGroup {
  Param<std::string> mime_header_checks{
      *this, "mime_header_checks", "$header_checks", "Tables that judge MIME headers."};
  Param<std::string> nested_header_checks{
      *this, "nested_header_checks", "$header_checks", "Tables that judge headers of attached messages."};
  Param<std::string> message_reject_characters{
      *this, "message_reject_characters", "", "Characters that no message may contain."};
  Param<std::string> message_strip_characters{
      *this, "message_strip_characters", "", "Characters that are removed from messages."};
  Param<bool> disable_mime_input_processing{*this, "disable_mime_input_processing", "no",
      "Take all content as plain text, whatever its headers say."};
  Param<int> mime_boundary_length_limit{*this, "mime_boundary_length_limit", "2048",
      "Bytes of a MIME boundary that are compared.", at_least(1)};
  Param<int> mime_nesting_limit{
      *this, "mime_nesting_limit", "100", "Levels of MIME parts that are understood.", at_least(1)};
  Param<List> internal_mail_filter_classes{*this, "internal_mail_filter_classes", "",
      "Kinds of our own mail that the checks look at: bounce, notify.", {.words = "bounce notify"}};
};

// Read by smtpd and pickup.
struct ReceiveParams : ParamGroup {
  Param<List> receive_override_options{
      *this, "receive_override_options", "", "Which steps of receiving mail to leave out."};
  Param<std::string> content_filter{
      *this, "content_filter", "", "transport:nexthop of a filter for all mail."};
};

}  // namespace postern::config
