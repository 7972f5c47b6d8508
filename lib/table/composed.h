// Tables that are made of others, or of nothing.
#pragma once

#include <memory>
#include <string>

#include "lib/table/table.h"

namespace postern::table {

// Stands for a table that cannot be opened: lookups fail with busy, "NAME is unavailable. REASON".
std::unique_ptr<Table> unavailable(std::string name, std::string reason);

}  // namespace postern::table
