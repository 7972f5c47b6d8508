// Access tables (check_client_access and its kin): which keys are asked for, and what the answers mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/mail/address.h"
#include "lib/mail/status.h"
#include "smtpd/restriction.h"

namespace postern::smtpd {

// How a table may name the domains above a name: "example.com" (parent_domain_matches_subdomains has
// smtpd_access_maps) or ".example.com".
enum class Parents { plain, dotted };

// host.example.com, then the domains above it.
std::vector<std::string> host_keys(std::string_view name, Parents parents);
// The name and its parents, then the address and the networks around it: 192.0.2.1, 192.0.2, 192.0, 192.
std::vector<std::string> client_keys(std::string_view name, std::string_view address, Parents parents);
// user+extension@domain, user@domain, domain and its parents, user+extension@, user@; "<>" for the null
// address.
std::vector<std::string> address_keys(const mail::Address& address, std::string_view delimiters,
                                      Parents parents);

struct Action {
  enum class Kind {
    dunno,    // go on with the next restriction
    permit,   // OK, or a number
    refuse,   // REJECT, DEFER, or a reply code, each with an optional text
    another,  // the name of a restriction: `word` is to be obeyed instead
    unknown,  // nothing that we can do
  } kind = Kind::unknown;
  mail::Status status{};
  Word word = Word::misconfigured;
};

// The right-hand side of an access table. A refusal without text says "Access denied".
Action parse_action(std::string_view value, int reject_code, int defer_code);

}  // namespace postern::smtpd
