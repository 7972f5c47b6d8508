#include "bench/trickle/tls.h"

namespace postern::trickle {

namespace {

SSL_CTX* context() {
  static SSL_CTX* const made = [] {
    SSL_CTX* const fresh = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(fresh, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(fresh, SSL_SESS_CACHE_OFF);
    return fresh;
  }();
  return made;
}

}  // namespace

Ssl client_on(int fd) {
  Ssl ssl(SSL_new(context()), SSL_free);
  SSL_set_fd(ssl.get(), fd);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

std::string client_hello() {
  const Ssl ssl(SSL_new(context()), SSL_free);
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  SSL_set_connect_state(ssl.get());
  SSL_do_handshake(ssl.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace postern::trickle
