// The life of a service process, and how programs talk to each other.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct ProcessParams : ParamGroup {
  Param<int> max_use{*this, "max_use", "100",
      "Connections after which a process leaves; 0: no limit. The default counts with "
      "process_session_limit=1."};
  Param<Seconds> max_idle{*this, "max_idle", "100s", "Idle time after which a process leaves.", at_least(1)};
  Param<Seconds> ipc_timeout{*this, "ipc_timeout", "3600s",
      "Limit for one request to another program of this mail system. A delivery has daemon_timeout.",
      at_least(1)};
  Param<Seconds> ipc_idle{*this, "ipc_idle", "5s",
      "How long an unused connection to another program is kept.", not_yet(at_least(1))};
  Param<Seconds> ipc_ttl{
      *this, "ipc_ttl", "1000s", "How long a connection to another program is used.", not_yet(at_least(1))};
  Param<Seconds> daemon_timeout{*this, "daemon_timeout", "18000s",
      "Time after which the watchdog ends a program that no longer turns its loop.", at_least(1)};
  Param<int> process_session_limit{*this, "process_session_limit", "10000",
      "Sessions that one process serves at a time; 1: one process a session, as in Postfix.", at_least(1)};
  Param<std::string> debugger_command{
      *this, "debugger_command", "", "The command that -D in master.cf runs before the program begins."};
  Param<bool> daemon_jail{*this, "daemon_jail", "yes",
      "Landlock, no-new-privs and a filter of system calls for each program. Off only to find a fault."};
};

}  // namespace postern::config
