#include "lib/daemon/tls_counters.h"

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::daemon {

TlsCounters::TlsCounters(OwnPage& page)
    : handshakes(page.counter("tls_handshakes")),
      failed(page.counter("tls_handshakes_failed")),
      resumed(page.counter("tls_resumed")),
      renegotiations(page.counter("tls_renegotiations_refused")),
      insecure_peers(page.counter("tls_insecure_peers")),
      injections(page.counter("tls_injections")),
      floods(page.counter("tls_floods")),
      confusions(page.counter("tls_confusions")) {}

void TlsCounters::shook_hands(const Result<net::TlsFacts>& facts, net::TlsBreach breach) {
  if (!facts) {
    failed.add();
    ended(breach);
    return;
  }
  handshakes.add();
  if (facts->is_resumed) resumed.add();
}

void TlsCounters::ended(net::TlsBreach breach) {
  switch (breach) {
    case net::TlsBreach::none:
    case net::TlsBreach::library: break;
    case net::TlsBreach::renegotiation: renegotiations.add(); break;
    case net::TlsBreach::insecure_peer: insecure_peers.add(); break;
    case net::TlsBreach::flood: floods.add(); break;
    case net::TlsBreach::plain_text: injections.add(); break;
    case net::TlsBreach::alpn:
    case net::TlsBreach::server_name: confusions.add(); break;
  }
}

void log_breach(std::string_view peer, std::string_view what) {
  log_warning(concat("TLS: ", peer, ' ', what));
}

void log_breach(std::string_view peer, net::TlsBreach breach, std::string_view what) {
  if (breach != net::TlsBreach::library) return log_breach(peer, what);
  log_reports(what);
}

void log_reports(std::string_view reports) {
  for (const auto report : split_fields(reports, ';')) {
    log_warning(concat("TLS library problem: ", printable(trim(report))));
  }
}

}  // namespace postern::daemon
