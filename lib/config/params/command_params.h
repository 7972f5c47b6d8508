// Commands that are not part of the mail system.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct CommandParams : ParamGroup {
  Param<List> export_environment{*this, "export_environment", "TZ MAIL_CONFIG LANG",
      "The environment that commands see which are not part of the mail system: names to keep, and "
      "name=value."};
  Param<Seconds> command_time_limit{*this, "command_time_limit", "1000s",
      "Limit for a command, if its service sets none with SERVICE_time_limit.", at_least(1)};
};

// The limit that a service has for itself.
struct TimeLimitParams : ParamGroup {
  explicit TimeLimitParams(const std::string& service)
      : time_limit{*this, service + "_time_limit", "$command_time_limit",
            "How long a command of this service may run.", at_least(1)} {}
  Param<Seconds> time_limit;
};

}  // namespace postern::config
