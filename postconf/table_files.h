// The files that tables of databases take their parameters from.
#pragma once

#include <string_view>

#include "postconf/output.h"

namespace postern::postconf {

// Warns of settings in the files of such tables that their type does not have. A file that cannot be read is
// passed over.
void warn_of_unused_in_tables(std::string_view value, Output& output);

}  // namespace postern::postconf
