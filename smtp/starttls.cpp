// STARTTLS, and what the log says of it.
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtp/connect.h"

namespace postern::smtp {

namespace {

Trouble required(const Session& session, std::string_view dsn, std::string_view what) {
  return trouble(dsn, concat("TLS is required, but ", what, " ", session.host().label()));
}

// A message that TLS failed once may go in the clear when it is tried again, unless that would give away a password.
net::Task<bool> may_go_plain(const Session& session, const Wanted& wanted, const TlsPolicy& policy) {
  const Setup& setup = session.setup();
  if (policy.is_required() || wanted.waited < setup.least_backoff) co_return false;
  if (!*setup.tls.sasl_auth_enable) co_return true;
  auto login = co_await find_login(setup, wanted);
  co_return login && !*login;
}

void note_established(const Session& session, const Setup& setup, const net::TlsFacts& facts) {
  if (setup.tls_log_level < 1) return;
  log_info(concat(facts.standing(), " TLS connection established to ", session.host().relay(), ": ",
                  facts.text()));
  if (!facts.is_matched && !facts.problem.empty() && facts.has_certificate && !facts.is_trusted) {
    log_info(concat("certificate verification failed for ", session.host().relay(), ": ",
                    printable(facts.problem)));
  }
}

void note_failed(const Session& session, const Error& error) {
  const std::string relay = session.host().relay();
  if (error.kind == Errc::timeout) {
    log_info(concat("SSL_connect error to ", relay, ": Connection timed out"));
  } else if (error.kind == Errc::lost) {
    log_info(concat("SSL_connect error to ", relay, ": lost connection"));
  } else {
    log_info(concat("SSL_connect error to ", relay, ": -1"));
    log_warning(concat("TLS library problem: ", printable(error.text)));
  }
}

// What the level asks of the certificate, beyond its being there.
Maybe judge(const TlsPolicy& policy, const net::TlsFacts& facts) {
  if (policy.peer.trust == net::TlsTrust::none || facts.is_matched) return std::nullopt;
  return trouble("4.7.5",
                 facts.is_trusted ? "Server certificate not verified" : "Server certificate not trusted");
}

net::Task<Maybe> shake_hands(Session& session, const Shop& shop, const Wanted& wanted,
                             const TlsPolicy& policy, bool& try_plain) {
  net::TlsClientPeer peer = policy.peer;
  peer.session = concat(session.host().relay(), " ", session.host().name);
  auto facts = co_await session.stream().start_tls(*shop.tls, std::move(peer),
                                                   session.until(*session.setup().tls.starttls_timeout));
  if (!facts) {
    note_failed(session, facts.error());
    session.may_be_kept = false;
    try_plain = co_await may_go_plain(session, wanted, policy);
    co_return trouble("4.7.5", "Cannot start TLS: handshake failure");
  }
  note_established(session, session.setup(), *facts);
  session.is_tls = true;
  session.is_verified = facts->is_matched && policy.peer.trust != net::TlsTrust::none;
  co_return judge(policy, *facts);
}

}  // namespace

net::Task<Maybe> secure(Session& session, const Shop& shop, const Wanted& wanted, const TlsPolicy& policy,
                        bool wrapped, bool& try_plain) {
  if (wrapped) {
    co_return co_await shake_hands(session, shop, wanted, policy, try_plain);
  }
  if (!session.features.starttls) {
    if (policy.is_required()) co_return required(session, "4.7.4", "was not offered by host");
    co_return std::nullopt;
  }
  auto answer = co_await session.ask("STARTTLS", *session.setup().tls.starttls_timeout,
                                     "performing the STARTTLS command");
  if (!answer) co_return answer.error();
  if (!answer->ok()) {
    session.features.starttls = false;
    if (!policy.is_required()) co_return std::nullopt;
    co_return refused(session.host(), *answer,
                      concat("TLS is required, but host ", session.host().label(),
                             " refused to start TLS: ", answer->text()));
  }
  auto early = session.unexpected();  // somebody on the way may have put it in
  if (early) co_return early;
  co_return co_await shake_hands(session, shop, wanted, policy, try_plain);
}

}  // namespace postern::smtp
