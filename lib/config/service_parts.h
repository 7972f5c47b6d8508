// The pieces that the text of a master.cf entry is made of; for service_format.cpp and service_options.cpp.
#pragma once

#include <string>

#include "lib/config/service.h"

namespace postern::config {

// In braces if the word would otherwise not come back as one.
std::string quoted(const std::string& word);

// The options as they are written, with each -o by itself: "-vv", "-o n=v", "-t", "x", "--".
List canonical_options(const Service& service);

// The same service with these options (in that form) and operands. Fails as parse_service does.
Result<Service> with_parts(const Service& service, const List& options, const List& operands);

}  // namespace postern::config
