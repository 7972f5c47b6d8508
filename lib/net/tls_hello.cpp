// What OpenSSL asks a server while it reads a ClientHello.
#include <openssl/ssl.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/net/tls_connection.h"
#include "lib/net/tls_names.h"

namespace postern::net {

namespace {

constexpr unsigned kExtendedMasterSecret = 23;  // RFC 7627 5.1
constexpr std::string_view kSignallingCipher("\x00\xff",
                                             2);        // TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 3.3)
constexpr std::string_view kNewVersion("\x03\x04", 2);  // TLS 1.3

bool has_extension(SSL* ssl, unsigned type) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  return SSL_client_hello_get0_ext(ssl, type, &data, &size) == 1;
}

// Whether a pair of bytes is among those of a list.
bool has_pair(const unsigned char* data, std::size_t size, std::string_view pair) {
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    if (data[i] == static_cast<unsigned char>(pair[0]) && data[i + 1] == static_cast<unsigned char>(pair[1]))
      return true;
  }
  return false;
}

// Without TLS 1.3 such a client could be led into somebody else's session, and would not notice.
bool is_insecure(SSL* ssl) {
  if (has_extension(ssl, TLSEXT_TYPE_renegotiate) || has_extension(ssl, kExtendedMasterSecret)) return false;
  const unsigned char* data = nullptr;
  std::size_t size = SSL_client_hello_get0_ciphers(ssl, &data);
  if (has_pair(data, size, kSignallingCipher)) return false;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &data, &size) != 1 || size < 1)
    return true;
  return !has_pair(data + 1, size - 1, kNewVersion);
}

int on_hello(SSL* ssl, int* alert, void*) {
  TlsGuard& guard = TlsConnection::of(ssl).guard();
  // An attempt to renegotiate has ended the connection already.
  if (guard.is_broken()) return SSL_CLIENT_HELLO_ERROR;
  if (!is_insecure(ssl)) return SSL_CLIENT_HELLO_SUCCESS;
  guard.end(TlsBreach::insecure_peer);
  *alert = SSL_AD_HANDSHAKE_FAILURE;
  return SSL_CLIENT_HELLO_ERROR;
}

const TlsServer& server_of(void* argument) { return *static_cast<const TlsServer*>(argument); }

int on_name(SSL* ssl, int* alert, void* argument) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const TlsServer& server = server_of(argument);
  const auto answer = server.names().choose(ssl, name);
  if (answer == TlsNames::Answer::known) return SSL_TLSEXT_ERR_OK;
  if (answer == TlsNames::Answer::unknown && !server.options().refuses_other_names)
    return SSL_TLSEXT_ERR_NOACK;
  if (answer == TlsNames::Answer::unknown) {
    TlsConnection::of(ssl).guard().end(
        TlsBreach::server_name,
        concat("asks for the server name \"", printable(name, 255), "\", which is not here"));
  }
  *alert = answer == TlsNames::Answer::unknown ? SSL_AD_UNRECOGNIZED_NAME : SSL_AD_INTERNAL_ERROR;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A list of names, each behind its length: one by one, and "" at the end.
std::string_view take_protocol(std::string_view& list) {
  if (list.empty()) return {};
  const std::size_t size = std::min<std::size_t>(static_cast<unsigned char>(list[0]), list.size() - 1);
  const auto name = list.substr(1, size);
  list.remove_prefix(1 + size);
  return name;
}

int on_protocols(SSL* ssl, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                 unsigned size, void* argument) {
  const auto& ours = server_of(argument).options().alpn;
  const std::string_view all(reinterpret_cast<const char*>(offered), size);
  auto rest = all;
  for (auto name = take_protocol(rest); !name.empty(); name = take_protocol(rest)) {
    if (std::find(ours.begin(), ours.end(), name) == ours.end()) continue;
    *chosen = reinterpret_cast<const unsigned char*>(name.data());
    *length = static_cast<unsigned char>(name.size());
    return SSL_TLSEXT_ERR_OK;
  }
  std::string listed;
  rest = all;
  for (auto name = take_protocol(rest); !name.empty() && listed.size() < 100; name = take_protocol(rest)) {
    listed += concat(listed.empty() ? "" : ", ", printable(name, 50));
  }
  TlsConnection::of(ssl).guard().end(
      TlsBreach::alpn, concat("offers the protocols \"", listed, "\" (ALPN), none of which is ours"));
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

void judge_hello(const TlsServer& server) {
  SSL_CTX* context = server.context();
  void* argument = const_cast<TlsServer*>(&server);
  SSL_CTX_set_client_hello_cb(context, &on_hello, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context, &on_name);
  SSL_CTX_set_tlsext_servername_arg(context, argument);
  if (!server.options().alpn.empty()) SSL_CTX_set_alpn_select_cb(context, &on_protocols, argument);
}

}  // namespace postern::net
