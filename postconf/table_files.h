// The files that tables of databases take their parameters from.
#pragma once

#include <string_view>

#include "postconf/output.h"

namespace postern::postconf {

// Warns of braces that are not closed, and of the files of such tables: those that cannot be read, and settings
// that their type does not have. `where` is what the value is in, "main.cf" or "master.cf:NAME/TYPE".
void warn_of_tables(std::string_view value, std::string_view where, Output& output);

}  // namespace postern::postconf
