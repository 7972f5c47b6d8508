// The parameters of the SMTP and LMTP clients that have no twin.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct SmtpMoreParams : ParamGroup {
  Param<bool> always_send_ehlo{*this, "smtp_always_send_ehlo", "yes", "Say EHLO whatever the greeting says."};
  Param<bool> never_send_ehlo{*this, "smtp_never_send_ehlo", "no", "Always say HELO."};
  Param<std::string> tls_dane_insecure_mx_policy{*this, "smtp_tls_dane_insecure_mx_policy",
      "${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}",
      "The level for exchangers whose names DNSSEC does not protect."};
  Param<bool> lmtp_assume_final{
      *this, "lmtp_assume_final", "no", "Believe that the server delivers to mailboxes itself."};
  Param<bool> ignore_mx_lookup_error{*this, "ignore_mx_lookup_error", "no",
      "Use the address of a host when asking for its exchangers failed."};
  Param<bool> disable_dns_lookups{
      *this, "disable_dns_lookups", "no", "Obsolete: find hosts by address only, never in DNS."};
  Param<bool> disable_mime_output_conversion{*this, "disable_mime_output_conversion", "no",
      "Send 8-bit text as it is to peers that do not offer 8BITMIME."};
};

}  // namespace postern::config
