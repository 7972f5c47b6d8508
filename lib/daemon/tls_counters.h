// What a service counts of TLS on its page of the scoreboard, as server or as client.
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "lib/daemon/own_page.h"
#include "lib/net/tls.h"
#include "lib/net/tls_guard.h"

namespace postern::daemon {

struct TlsCounters {
  TlsCounters() = default;
  explicit TlsCounters(OwnPage& page);

  Counter handshakes{}, failed{}, resumed{};  // a handshake that is done is not failed
  Counter renegotiations{};                   // that were refused
  Counter insecure_peers{};                   // without RFC 5746 or RFC 7627
  Counter injections{};                       // plain text behind STARTTLS
  Counter floods{};                           // key updates, alerts, empty records, handshakes in crumbs
  Counter confusions{};  // another protocol (ALPN), another server (SNI), another service's words

  // A handshake has come to this; `breach`: why it failed, if that is why.
  void shook_hands(const Result<net::TlsFacts>& facts, net::TlsBreach breach);
  // An established connection has ended so. none: nothing is counted.
  void ended(net::TlsBreach breach);
};

// The log line of a breach: "warning: TLS: PEER tries to renegotiate". `what`: the text of the operation's error.
void log_breach(std::string_view peer, std::string_view what);
// The same for what ended an established session: OpenSSL's own words stand in log_reports()'s lines.
void log_breach(std::string_view peer, net::TlsBreach breach, std::string_view what);
// "warning: TLS library problem: REPORT", as Postfix has it, for each report of OpenSSL; "; " is between them.
void log_reports(std::string_view reports);

}  // namespace postern::daemon
