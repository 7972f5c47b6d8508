// The envelope: what SMTP says about a message beside its content. Plain data, filled by whoever accepts a
// message and read by everything after it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/mail/address.h"

namespace postern::mail {

// BODY= of RFC 6152.
enum class BodyType { unspecified, seven_bit, eight_bit_mime };

// RET= of RFC 3461 4.3: how much of the message a notification returns.
enum class Return { unspecified, full, headers };

// NOTIFY= of RFC 3461 4.1. All false: nothing was said, which means failure and perhaps delay.
struct Notify {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;

  bool given() const { return never || success || failure || delay; }
  bool operator==(const Notify&) const = default;
};

struct Recipient {
  Address address;
  std::string
      original;  // as the client or the alias named it before rewriting, internal form; empty: the same
  Notify notify;
  std::string orcpt;  // "rfc822;ann@example.com", decoded (RFC 3461 4.2); empty when not given

  bool operator==(const Recipient&) const = default;
};

// Who brought the message, for Received, log lines, policy and XFORWARD.
struct Client {
  std::string name = "unknown";     // verified host name, or "unknown"
  std::string address = "unknown";  // "192.0.2.1", "2001:db8::1"
  std::uint16_t port = 0;
  std::string helo;
  std::string protocol = "SMTP";  // SMTP, ESMTP, ESMTPS, ESMTPSA, … (RFC 3848)

  // name[address], as every log line shows a host.
  std::string text() const { return name + '[' + address + ']'; }
  bool operator==(const Client&) const = default;
};

struct Envelope {
  Address sender;
  std::vector<Recipient> recipients;
  BodyType body = BodyType::unspecified;
  bool smtputf8 = false;
  std::uint64_t size = 0;  // SIZE= as declared, bytes; 0 when not given
  Return ret = Return::unspecified;
  std::string envid;  // decoded; empty when not given
  std::string auth;   // AUTH= of MAIL FROM, decoded (RFC 4954 5); empty when not given
  Client client;

  bool operator==(const Envelope&) const = default;
};

}  // namespace postern::mail
