// What the client counts about servers and those who stand between: for the scoreboard.
#pragma once

#include "lib/daemon/scoreboard.h"

namespace postern::smtp {

struct Counts {
  daemon::Counter plaintext_injections;  // something came behind the reply to STARTTLS, before the handshake
  daemon::Counter early_replies;         // something came before its command
  daemon::Counter tls_failures;          // handshakes
  daemon::Counter tls_downgrades;        // less than a server's history promises
  daemon::Counter tls_insecure_servers;  // without RFC 5746 and RFC 7627, refused
  daemon::Counter tls_renegotiations;    // asked for by a server, refused
  daemon::Counter tls_alpn_mismatches;   // a server chose another protocol
};

}  // namespace postern::smtp
