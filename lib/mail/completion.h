// The complete form of an address: with the domain that it lacks, and with old forms of routing made into
// user@domain. Addresses are in their internal form, without quotes.
#pragma once

#include <string>
#include <string_view>

namespace postern::mail {

struct Completion {
  std::string origin;  // append_at_myorigin: the domain of addresses without one; empty: none is added
  std::string domain;  // append_dot_mydomain: the parent of domains without a dot; empty: none is added
  bool swap_bangpath = true;  // site!user becomes user@site
  bool percent_hack = true;   // user%site becomes user@site
  bool operator==(const Completion&) const = default;
};

// The complete form. A local part that needs quotes is left alone, so is a domain that is missing behind an '@'. The
// null address stays what it is, and a lone "@" is null. A final dot of the domain goes.
std::string complete(std::string_view address, const Completion& how);

// True when complete() would change nothing: the usual case, found without a copy.
bool is_complete(std::string_view address);

// True when a local part needs no quotes in a message (RFC 5322 3.2.3, with bytes above 127).
bool is_dot_atom(std::string_view local);

}  // namespace postern::mail
