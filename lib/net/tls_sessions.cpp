#include "lib/net/tls_sessions.h"

#include <openssl/ssl.h>

namespace postern::net {

TlsSessions::~TlsSessions() {
  for (const auto& kept : all_) SSL_SESSION_free(kept.session);
}

SSL_SESSION* TlsSessions::remove(Place place) {
  SSL_SESSION* session = place->session;
  by_key_.erase(place->key);
  all_.erase(place);
  return session;
}

void TlsSessions::keep(const std::string& key, SSL_SESSION* session) {
  if (const auto old = by_key_.find(key); old != by_key_.end()) SSL_SESSION_free(remove(old->second));
  if (all_.size() >= kMost) SSL_SESSION_free(remove(std::prev(all_.end())));
  all_.push_front(Kept{key, session, std::chrono::steady_clock::now()});
  by_key_.emplace(key, all_.begin());
}

void TlsSessions::forget(const std::string& key) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) SSL_SESSION_free(remove(found->second));
}

SSL_SESSION* TlsSessions::take(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const bool is_fresh = std::chrono::steady_clock::now() - found->second->since < lifetime_;
  SSL_SESSION* session = found->second->session;
  const bool is_good = is_fresh && SSL_SESSION_is_resumable(session) == 1;
  if (is_good && SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(session);
    return session;
  }
  remove(found->second);
  if (is_good) return session;
  SSL_SESSION_free(session);
  return nullptr;
}

}  // namespace postern::net
