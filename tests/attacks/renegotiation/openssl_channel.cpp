#include "tests/attacks/renegotiation/openssl_channel.h"

#include <openssl/err.h>

namespace attack {

namespace {

[[noreturn]] void gone() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  throw Gone(reason != nullptr ? reason : "the connection is closed");
}

}  // namespace

OpenSslChannel::OpenSslChannel(SSL_CTX* context, Socket& socket, bool is_server)
    : ssl_(SSL_new(context), &SSL_free) {
  SSL_set_fd(ssl_.get(), socket.fd());
  if ((is_server ? SSL_accept(ssl_.get()) : SSL_connect(ssl_.get())) != 1) gone();
}

void OpenSslChannel::write(std::string_view data) {
  if (SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())) <= 0) gone();
}

std::string OpenSslChannel::some() {
  char data[16 * 1024];
  const int n = SSL_read(ssl_.get(), data, sizeof data);
  if (n <= 0) gone();
  return std::string(data, static_cast<std::size_t>(n));
}

Context careless_context(const std::string& certificate) {
  Context made(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(made.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(made.get(), "AES128-GCM-SHA256:@SECLEVEL=0");
  SSL_CTX_clear_options(made.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_options(made.get(),
                      SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  const int there = SSL_CTX_use_certificate_chain_file(made.get(), certificate.c_str());
  if (there != 1 || SSL_CTX_use_PrivateKey_file(made.get(), certificate.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw Unable("no key and certificate in " + certificate);
  }
  return made;
}

}  // namespace attack
