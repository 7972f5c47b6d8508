// The SMTP commands as values: one struct a verb, and one function that reads a command line (RFC 5321 4.1
// with the extensions SIZE, 8BITMIME, DSN, SMTPUTF8, CHUNKING, AUTH, ETRN and STARTTLS). A line that is
// refused comes back as the reply that the client gets. Pure: whether a command is allowed now is the
// session's business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>

#include "lib/mail/address.h"
#include "lib/mail/envelope.h"
#include "lib/mail/status.h"

namespace postern::wire {

// The longest line that parse_command reads, without its line ending: RFC 4954 4 asks for 12288 bytes of
// AUTH.
inline constexpr std::size_t kLongestCommand = 12288;

struct Helo {
  std::string name;
};
struct Ehlo {
  std::string name;
};
struct Mail {
  mail::Address address;
  std::uint64_t size = 0;  // SIZE=, RFC 1870; values beyond 63 bits become the largest one
  mail::BodyType body = mail::BodyType::unspecified;
  bool smtputf8 = false;
  mail::Return ret = mail::Return::unspecified;
  std::string envid;   // decoded
  std::string auth;    // decoded; "<>" when the client says that it does not know
  bool esmtp = false;  // some parameter was given

  bool operator==(const Mail&) const = default;
};
struct Rcpt {
  mail::Address address;
  mail::Notify notify;
  std::string orcpt;  // "rfc822;ann@example.com", decoded

  bool operator==(const Rcpt&) const = default;
};
struct Data {};
struct Bdat {
  std::uint64_t size = 0;
  bool last = false;
};
struct Rset {};
struct Noop {};
struct Quit {};
struct Help {};
struct Vrfy {
  std::string text;  // never empty
};
struct Expn {
  std::string text;
};
struct Etrn {
  std::string domain;  // as given; never empty
};
struct StartTls {};
struct Auth {
  std::string mechanism;  // upper case
  std::string initial;    // base64 as given; "=" is an empty response, "" none at all
};
// A verb that is none of ours: XCLIENT, XFORWARD, GET, …
struct Unknown {
  std::string verb;  // upper case, as far as it is printable ASCII
  std::string rest;
};

using Command = std::variant<Helo, Ehlo, Mail, Rcpt, Data, Bdat, Rset, Noop, Quit, Help, Vrfy, Expn, Etrn,
                             StartTls, Auth, Unknown>;
using ParsedCommand = tl::expected<Command, mail::Status>;

// Reads one command line, given without its line ending. Verbs and parameter names match in any case, blanks
// at the end are ignored. Lenient grammar takes what Postfix takes: blanks around the colon of MAIL FROM: and
// RCPT TO:, addresses without <>. Strict grammar is strict_rfc821_envelopes. Never throws for any input, and
// everything in the result is shorter than the line.
[[nodiscard]] ParsedCommand parse_command(std::string_view line,
                                          mail::Grammar grammar = mail::Grammar::lenient);

// The verb of a line in upper case, "" when there is none: for the log, forbidden commands and per-verb
// counters.
std::string verb_of(std::string_view line);

// The verb of a command as statistics name it, lower case: "mail", "starttls", "unknown".
std::string_view name_of(const Command& command);

}  // namespace postern::wire
