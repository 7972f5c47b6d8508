// Mail addresses of the envelope: the mailboxes and paths of RFC 5321 4.1.2, with the bytes above 127 that
// RFC 6531 adds, and two forms of writing them. The internal form has no quotes, as tables want it;
// the quoted form is what may stand in an SMTP command, and what the log shows.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace postern::mail {

// RFC 5321 4.5.3.1 asks a server to take 64, 255 and 256 bytes; VERP, SRS and relay addresses are often
// longer, so that only the domain, which DNS bounds, is held to its limit.
inline constexpr std::size_t kLongestLocal = 512;
inline constexpr std::size_t kLongestDomain = 255;
inline constexpr std::size_t kLongestPath = 1024;  // with quotes, brackets and source route

struct Address {
  std::string local;   // without quotes
  std::string domain;  // name or literal "[1.2.3.4]"; empty for <postmaster>, <user> and the null path

  // The empty path <>: the sender of notifications.
  bool null() const { return local.empty() && domain.empty(); }
  // False when some byte needs SMTPUTF8 (RFC 6531).
  bool ascii() const;
  bool is_literal() const { return domain.starts_with('['); }

  // The internal form: local@domain, or local, or "".
  std::string text() const;
  // The form of RFC 5321 and 5322: the local part quoted where it must be.
  std::string quoted() const;
  // The same address with its domain in lower case (ASCII only).
  Address normalized() const;

  bool operator==(const Address&) const = default;
};

// Splits an internal form at its last '@'. Any text is one; nothing is checked.
Address from_internal(std::string_view text);
// An internal form as the log and listings show it: quoted where it must be (info_log_address_format = external), so
// that no address can look like the end of its field; and without control characters.
std::string shown_address(std::string_view internal);

enum class Grammar {
  lenient,  // as Postfix: brackets may be missing, dots may touch or end a local part, a domain may be
            // missing
  strict,   // strict_rfc821_envelopes: the RFC's grammar; only <postmaster> may do without domain
};

struct Path {
  Address address;
  std::size_t length = 0;  // bytes of the text that the path takes
};

// Reads the path that `text` begins with: "<>", "<mailbox>", "<@route,@route:mailbox>", and when lenient a
// mailbox without brackets that ends at a blank. What follows the path is left to the caller. Fails with
// invalid or too_long.
Result<Path> parse_path(std::string_view text, Grammar grammar = Grammar::lenient);

// Reads a mailbox, local@domain, that is the whole text. Fails with invalid or too_long. Control characters
// are never accepted, quoted or not: they could break a line further on.
Result<Address> parse_mailbox(std::string_view text, Grammar grammar = Grammar::lenient);

// True for a domain as an address may have it: labels of letters, digits, '-', '_' and bytes above 127, at
// most 63 bytes each; or an address literal "[192.0.2.1]" or "[IPv6:2001:db8::1]".
bool is_domain(std::string_view text);

struct Extension {
  std::string_view user;
  std::string_view extension;  // empty when there is none
  char delimiter = 0;          // 0 when there is none
};
// Splits a local part at the first byte of recipient_delimiter, but not at its first byte. As in Postfix the
// addresses that mail itself uses (postmaster, mailer-daemon, double-bounce) are never split, nor is
// "owner-list" or "list-request" when '-' is the delimiter.
Extension split_extension(std::string_view local, std::string_view delimiters);

}  // namespace postern::mail
