// What the client counts about servers and those who stand between: for the scoreboard.
#pragma once

#include "lib/daemon/tls_counters.h"

namespace postern::smtp {

struct Counts {
  daemon::TlsCounters tls{};
  daemon::Counter early_replies{};   // something came before its command
  daemon::Counter tls_downgrades{};  // less than a server's history promises
};

}  // namespace postern::smtp
