// The few operations of TLS 1.2 with AES-128-GCM and SHA-256 (RFC 5246, RFC 5288), on OpenSSL's libcrypto.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace attack {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string random_bytes(std::size_t size);
std::string sha256(std::string_view data);

// The pseudo-random function of TLS 1.2 (RFC 5246 5).
std::string prf(std::string_view secret, std::string_view label, std::string_view seed, std::size_t size);

// RSA with PKCS #1 v1.5 padding, as in ClientKeyExchange.
std::string rsa_encrypt(EVP_PKEY* key, std::string_view data);
std::string rsa_decrypt(EVP_PKEY* key, std::string_view data);

// A number as so many bytes, the highest first.
std::string number(std::uint64_t value, std::size_t size);

// Protects the records of one direction.
class Seal {
 public:
  static constexpr std::size_t kKeySize = 16, kSaltSize = 4;
  Seal(std::string_view key, std::string_view salt) : key_(key), salt_(salt) {}
  // The body of the next record of this type. open() throws Gone when it is not what the other side has sealed.
  std::string close(std::uint8_t type, std::string_view text);
  std::string open(std::uint8_t type, std::string_view body);

 private:
  std::string extra(std::uint8_t type, std::size_t size);
  std::string key_, salt_;
  std::uint64_t sequence_ = 0;
};

// AES-128-GCM: the text and its tag; the text again, or Gone.
std::string gcm_close(std::string_view key, std::string_view nonce, std::string_view extra,
                      std::string_view text);
std::string gcm_open(std::string_view key, std::string_view nonce, std::string_view extra,
                     std::string_view closed);

// What both sides of a handshake derive from it.
struct Secrets {
  std::string master;
  Seal from_client{"", ""}, from_server{"", ""};
};
Secrets derive(std::string_view premaster, std::string_view client_random, std::string_view server_random);

// The content of Finished: "client" or "server", and all messages before.
std::string finished(const Secrets& secrets, const std::string& who, std::string_view messages);

}  // namespace attack
