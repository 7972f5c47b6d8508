// The parameters of lookup tables themselves.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct TableParams : ParamGroup {
  Param<std::string> default_database_type{
      *this, "default_database_type", "hash", "The table type that postmap and postalias build."};
};

}  // namespace postern::config
