// Addresses as people and programs write them on a command line and in a header. More is taken than a grammar allows:
// whoever calls sendmail has nobody to ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::sendmail {

// The addresses of a list, in their internal form: "Ann <ann@a.test>, bob" gives ann@a.test and bob. What is no address
// list is taken apart at its commas.
std::vector<std::string> addresses_in(std::string_view text);

// The recipients that a header names (-t): To, Cc and Bcc, or those of Resent- fields when there is one of these.
std::vector<std::string> recipients_in(std::string_view header);

}  // namespace postern::sendmail
