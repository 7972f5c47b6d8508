#include "lib/net/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "lib/net/tls_server.h"

namespace postern::net {

namespace {

constexpr int kFailed = -1, kUnknown = 0, kGood = 1, kGoodButReplaced = 2;

// A copy that is not left behind.
struct Keys {
  explicit Keys(TlsTicketKeys& from) : all(from.current()) {}
  ~Keys() { OPENSSL_cleanse(all.data(), all.size() * sizeof(TlsTicketKey)); }
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;
  std::vector<TlsTicketKey> all;
};

bool set_mac(EVP_MAC_CTX* mac, const TlsTicketKey& key) {
  char digest[] = "SHA256";
  auto bytes = key.mac;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, bytes.data(), bytes.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  const bool set = EVP_MAC_CTX_set_params(mac, params) == 1;
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return set;
}

}  // namespace

int TlsTicketCallback::prepare(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                               EVP_MAC_CTX* mac, int is_new) {
  const auto* server = static_cast<const TlsServer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const Keys keys(*server->tickets());
  if (is_new == 1) {
    const TlsTicketKey& key = keys.all.front();
    std::copy(key.name.begin(), key.name.end(), name);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(server->ticket_cipher())) != 1) return kFailed;
    if (EVP_EncryptInit_ex(cipher, server->ticket_cipher(), nullptr, key.cipher.data(), iv) != 1)
      return kFailed;
    return set_mac(mac, key) ? kGood : kFailed;
  }
  for (const TlsTicketKey& key : keys.all) {
    if (!std::equal(key.name.begin(), key.name.end(), name)) continue;
    if (EVP_DecryptInit_ex(cipher, server->ticket_cipher(), nullptr, key.cipher.data(), iv) != 1)
      return kFailed;
    if (!set_mac(mac, key)) return kFailed;
    // Of TLS 1.3 each is meant to be used once (RFC 8446 C.4): whoever comes with one is given another.
    const bool is_for_good = &key == &keys.all.front() && SSL_version(ssl) < TLS1_3_VERSION;
    return is_for_good ? kGood : kGoodButReplaced;
  }
  return kUnknown;
}

}  // namespace postern::net
