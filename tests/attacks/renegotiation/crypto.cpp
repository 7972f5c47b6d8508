#include "tests/attacks/renegotiation/crypto.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "tests/attacks/renegotiation/socket.h"

namespace attack {

namespace {

constexpr std::size_t kTag = 16, kMasterSize = 48, kFinishedSize = 12, kExplicitNonce = 8;

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher gcm(std::string_view key, std::string_view nonce, std::string_view extra, int encrypts) {
  Cipher made(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  EVP_CipherInit_ex(made.get(), EVP_aes_128_gcm(), nullptr, bytes_of(key), bytes_of(nonce), encrypts);
  EVP_CipherUpdate(made.get(), nullptr, &size, bytes_of(extra), static_cast<int>(extra.size()));
  return made;
}

std::string rsa(EVP_PKEY* key, std::string_view data, bool encrypts) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new(key, nullptr),
                                                                            &EVP_PKEY_CTX_free);
  const int begun = encrypts ? EVP_PKEY_encrypt_init(context.get()) : EVP_PKEY_decrypt_init(context.get());
  if (begun != 1 || EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) {
    throw Unable("the server's key is not RSA");
  }
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  std::string made(size, '\0');
  const auto work = encrypts ? &EVP_PKEY_encrypt : &EVP_PKEY_decrypt;
  if (work(context.get(), bytes_of(made), &size, bytes_of(data), data.size()) != 1) {
    throw Gone("RSA has failed");
  }
  made.resize(size);
  return made;
}

}  // namespace

std::string random_bytes(std::size_t size) {
  std::string made(size, '\0');
  if (RAND_bytes(bytes_of(made), static_cast<int>(size)) != 1) throw Unable("no random numbers");
  return made;
}

std::string sha256(std::string_view data) {
  std::string made(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), bytes_of(made), &size, EVP_sha256(), nullptr);
  made.resize(size);
  return made;
}

std::string prf(std::string_view secret, std::string_view label, std::string_view seed, std::size_t size) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kind(EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr),
                                                               &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kind.get()),
                                                                          &EVP_KDF_CTX_free);
  char digest[] = "SHA256";
  std::string key(secret), both = std::string(label) + std::string(seed);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, key.data(), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, both.data(), both.size()),
      OSSL_PARAM_construct_end()};
  std::string made(size, '\0');
  if (EVP_KDF_derive(context.get(), bytes_of(made), size, parameters) != 1)
    throw Unable("TLS1-PRF has failed");
  return made;
}

std::string rsa_encrypt(EVP_PKEY* key, std::string_view data) { return rsa(key, data, true); }

std::string rsa_decrypt(EVP_PKEY* key, std::string_view data) { return rsa(key, data, false); }

std::string number(std::uint64_t value, std::size_t size) {
  std::string made(size, '\0');
  for (std::size_t i = size; i-- > 0; value >>= 8U) made[i] = static_cast<char>(value & 0xffU);
  return made;
}

std::string gcm_close(std::string_view key, std::string_view nonce, std::string_view extra,
                      std::string_view text) {
  const Cipher context = gcm(key, nonce, extra, 1);
  std::string made(text.size(), '\0'), tag(kTag, '\0');
  int size = 0, rest = 0;
  EVP_CipherUpdate(context.get(), bytes_of(made), &size, bytes_of(text), static_cast<int>(text.size()));
  EVP_CipherFinal_ex(context.get(), bytes_of(made) + size, &rest);
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTag), tag.data());
  return made + tag;
}

std::string gcm_open(std::string_view key, std::string_view nonce, std::string_view extra,
                     std::string_view closed) {
  if (closed.size() < kTag) throw Gone("a record that is too short");
  const Cipher context = gcm(key, nonce, extra, 0);
  const auto text = closed.substr(0, closed.size() - kTag);
  std::string made(text.size(), '\0'), tag(closed.substr(text.size()));
  int size = 0, rest = 0;
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTag), tag.data());
  EVP_CipherUpdate(context.get(), bytes_of(made), &size, bytes_of(text), static_cast<int>(text.size()));
  if (EVP_CipherFinal_ex(context.get(), bytes_of(made) + size, &rest) != 1)
    throw Gone("a record of another key");
  return made;
}

std::string Seal::extra(std::uint8_t type, std::size_t size) {
  return number(sequence_, 8) + number(type, 1) + "\x03\x03" + number(size, 2);
}

std::string Seal::close(std::uint8_t type, std::string_view text) {
  const std::string nonce = number(sequence_, kExplicitNonce);
  std::string made = nonce + gcm_close(key_, salt_ + nonce, extra(type, text.size()), text);
  ++sequence_;
  return made;
}

std::string Seal::open(std::uint8_t type, std::string_view body) {
  if (body.size() < kExplicitNonce + kTag) throw Gone("a record that is too short");
  const std::string nonce(body.substr(0, kExplicitNonce));
  const std::size_t size = body.size() - kExplicitNonce - kTag;
  std::string made = gcm_open(key_, salt_ + nonce, extra(type, size), body.substr(kExplicitNonce));
  ++sequence_;
  return made;
}

Secrets derive(std::string_view premaster, std::string_view client_random, std::string_view server_random) {
  const std::string client(client_random), server(server_random);
  Secrets made;
  made.master = prf(premaster, "master secret", client + server, kMasterSize);
  const std::string block =
      prf(made.master, "key expansion", server + client, 2 * (Seal::kKeySize + Seal::kSaltSize));
  const std::string_view keys(block);
  made.from_client = Seal(keys.substr(0, 16), keys.substr(32, 4));
  made.from_server = Seal(keys.substr(16, 16), keys.substr(36, 4));
  return made;
}

std::string finished(const Secrets& secrets, const std::string& who, std::string_view messages) {
  return prf(secrets.master, who + " finished", sha256(messages), kFinishedSize);
}

}  // namespace attack
