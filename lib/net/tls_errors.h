// What OpenSSL has to say after a failure.
#pragma once

#include <string>

namespace postern::net {

// The reasons that OpenSSL has queued, the first first, joined by "; "; empties the queue. "" when there are none.
std::string tls_reasons();

// "TEXT: reasons"
std::string tls_problem(std::string text);

}  // namespace postern::net
