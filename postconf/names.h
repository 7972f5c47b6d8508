// One name for everything: "biff" is a parameter of main.cf, "smtp/inet" a service, "smtp/inet/chroot" a field of it,
// "smtp/inet/verbose" and "maildrop/unix/argument/user" options, "smtp/inet/smtpd_timeout" a setting of its own.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "postconf/arguments.h"
#include "postconf/draft.h"

namespace postern::postconf {

// The name space that a name belongs to. Fails with invalid: "bad name: ...".
Result<Space> space_of(std::string_view name);

// The present value, as a draft has it, unexpanded: of a parameter that is not set its default, and empty of what is not there.
// Fails as space_of, and when a file cannot be read.
Result<std::string> present_value(const Draft& draft, const std::string& name);

// The text with its runs of white space made one blank, as values are shown.
std::string in_one_line(std::string_view value);

}  // namespace postern::postconf
