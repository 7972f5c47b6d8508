// The parameters that pipe reads, beside those of its commands (command_params.h).
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct PipeParams : ParamGroup {
  Param<std::string> pipe_delivery_status_filter{*this, "pipe_delivery_status_filter",
      "$default_delivery_status_filter", "Tables that rewrite the status of deliveries to commands."};
};

}  // namespace postern::config
