// STARTTLS, and what the log says of it.
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/tls_counters.h"
#include "lib/net/tls_guard.h"
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
  if (!facts.is_matched && !facts.problem.empty() && facts.has_certificate) {
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
    if (error.kind == Errc::denied) return daemon::log_breach(relay, error.text);
    log_warning(concat("TLS library problem: ", printable(error.text)));
  }
}

// What the level asks of the certificate, beyond its being there.
Maybe judge(const TlsPolicy& policy, const net::TlsFacts& facts) {
  if (policy.peer.trust == net::TlsTrust::none || facts.is_matched) return std::nullopt;
  return trouble("4.7.5", "Server certificate not verified");
}

// A server that has less than it had before: the log says so, and it is a trouble if the configuration says so.
Maybe compare(const Session& session, const Shop& shop, const Wanted& wanted, const TlsSeen& seen) {
  const Host& host = session.host();
  if (shop.history == nullptr || host.is_unix()) return std::nullopt;
  const auto less = shop.history->judge(*wanted.destination, host, seen);
  if (!less) return std::nullopt;
  session.setup().counts().tls_downgrades.add();
  log_warning(concat("TLS downgrade: ", host.relay(), " ", *less));
  if (!session.setup().refuses_downgrades) return std::nullopt;
  return trouble("4.7.5", concat("TLS downgrade: host ", host.label(), " ", *less));
}

Maybe compare_without(const Session& session, const Shop& shop, const Wanted& wanted,
                      std::string_view without) {
  TlsSeen seen;
  seen.without = without;
  return compare(session, shop, wanted, seen);
}

Maybe compare_with(const Session& session, const Shop& shop, const Wanted& wanted, const TlsPolicy& policy,
                   const net::TlsFacts& facts) {
  TlsSeen seen;
  seen.protocol = facts.protocol;
  const bool is_demanded = facts.is_matched && policy.peer.trust != net::TlsTrust::none;
  seen.standing = is_demanded ? 2 : facts.is_trusted ? 1 : 0;
  seen.asked = policy.asked;
  return compare(session, shop, wanted, seen);
}

// Without TLS it is tried only where nobody is known to be in the way. A server that is merely old is not, and one that
// answers the handshake in plain text shows no more than one that offers no STARTTLS.
net::Task<Maybe> give_up(Session& session, const Shop& shop, const Wanted& wanted, const TlsPolicy& policy,
                         const Error& error, bool& try_plain) {
  note_failed(session, error);
  session.may_be_kept = false;
  auto why = compare_without(session, shop, wanted, "fails in the TLS handshake");
  const auto breach = session.stream().tls_breach();
  const bool is_harmless = breach == net::TlsBreach::none || breach == net::TlsBreach::insecure_peer ||
                           breach == net::TlsBreach::plain_text;
  if (!why && is_harmless) {
    try_plain = co_await may_go_plain(session, wanted, policy);
  }
  co_return why ? std::move(why) : trouble("4.7.5", "Cannot start TLS: handshake failure");
}

net::Task<Maybe> shake_hands(Session& session, const Shop& shop, const Wanted& wanted,
                             const TlsPolicy& policy, bool& try_plain) {
  net::TlsClientPeer peer = policy.peer;
  peer.session = concat(session.host().relay(), " ", session.host().name);
  auto facts = co_await session.stream().start_tls(*shop.tls, std::move(peer),
                                                   session.until(*session.setup().tls.starttls_timeout));
  session.setup().counts().tls.shook_hands(facts, session.stream().tls_breach());
  if (!facts) {
    co_return co_await give_up(session, shop, wanted, policy, facts.error(), try_plain);
  }
  note_established(session, session.setup(), *facts);
  session.is_tls = true;
  session.is_verified = facts->is_matched && policy.peer.trust != net::TlsTrust::none;
  session.may_go_plain = co_await may_go_plain(session, wanted, policy);
  auto why = judge(policy, *facts);
  co_return why ? std::move(why) : compare_with(session, shop, wanted, policy, *facts);
}

}  // namespace

net::Task<Maybe> secure(Session& session, const Shop& shop, const Wanted& wanted, const TlsPolicy& policy,
                        bool wrapped, bool& try_plain) {
  if (wrapped) {
    co_return co_await shake_hands(session, shop, wanted, policy, try_plain);
  }
  if (!session.features.starttls) {
    auto why = session.features.starttls_ignored
                   ? std::nullopt
                   : compare_without(session, shop, wanted, "does not offer STARTTLS");
    if (why) co_return why;
    if (policy.is_required()) co_return required(session, "4.7.4", "was not offered by host");
    co_return std::nullopt;
  }
  auto answer = co_await session.ask("STARTTLS", *session.setup().tls.starttls_timeout,
                                     "receiving the STARTTLS response");
  if (!answer) co_return answer.error();
  if (!answer->ok()) {
    session.features.starttls = false;
    auto why = compare_without(session, shop, wanted, "refuses STARTTLS");
    if (why) co_return why;
    if (!policy.is_required()) co_return std::nullopt;
    co_return refused(session.host(), *answer,
                      concat("TLS is required, but host ", session.host().label(),
                             " refused to start TLS: ", answer->text()));
  }
  auto early = session.unexpected(Session::Next::tls, net::Stream::Look::kernel);
  if (early) co_return early;
  co_return co_await shake_hands(session, shop, wanted, policy, try_plain);
}

bool goes_plain(const Session& session, const Shop& shop, const Wanted& wanted) {
  if (!session.may_go_plain || !session.lost_tls()) return false;
  return !compare_without(session, shop, wanted, "breaks off within TLS");
}

}  // namespace postern::smtp
