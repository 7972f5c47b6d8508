// The parameters that master reads.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct MasterParams : ParamGroup {
  Param<int> default_process_limit{*this, "default_process_limit", "100",
      "Processes of a service whose master.cf entry sets no limit.", at_least(1)};
  Param<Seconds> service_throttle_time{*this, "service_throttle_time", "60s",
      "How long a service waits after its program failed before it served anybody.", at_least(1)};
  Param<List> master_service_disable{*this, "master_service_disable", "",
      "Services to switch off: SERVICE/TYPE or TYPE, `!` in front of exceptions."};
  Param<List> import_environment{*this, "import_environment",
      "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME",
      "The environment that service programs see: names to keep, and name=value."};
};

}  // namespace postern::config
