// The parameters that master reads.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct MasterParams : ParamGroup {
  Param<int> default_process_limit{*this, "default_process_limit", "100",
      "Processes of a service whose master.cf entry sets no limit.", at_least(1)};
  Param<Seconds> service_throttle_time{*this, "service_throttle_time", "60s",
      "The longest wait of a service whose program fails again and again; the first one is 0.1 s.",
      at_least(1)};
  Param<Seconds> service_start_limit{*this, "service_start_limit", "60s",
      "How long a new process may take until it is ready; then it is killed. Not in Postfix.", at_least(1)};
  Param<List> master_service_disable{*this, "master_service_disable", "",
      "Services to switch off: SERVICE/TYPE or TYPE, `!` in front of exceptions."};
  Param<List> import_environment{*this, "import_environment",
      "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME",
      "The environment that service programs see: names to keep, and name=value."};
};

}  // namespace postern::config
