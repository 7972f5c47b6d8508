// What OpenSSL has to say after a failure.
#pragma once

#include <string>

namespace postern::net {

// The reasons that OpenSSL has queued, the first first, joined by "; "; empties the queue. "" when there are none.
std::string tls_reasons();

// The same as OpenSSL's programs show it, and Postfix's log: "error:0A00010B:SSL routines::wrong version number:FILE:LINE:".
std::string tls_reports();

// "TEXT: reasons"
std::string tls_problem(std::string text);

}  // namespace postern::net
