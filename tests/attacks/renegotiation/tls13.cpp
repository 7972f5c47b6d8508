// The same on TLS 1.3, where the protocol has no renegotiation: a ClientHello within a session must end it. OpenSSL does the
// handshake; then a record is made by hand, with the keys that OpenSSL tells.
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "tests/attacks/renegotiation/handshake.h"
#include "tests/attacks/renegotiation/openssl_channel.h"
#include "tests/attacks/renegotiation/story.h"

namespace attack {

namespace {

constexpr std::size_t kTrafficKeySize = 16, kNonceSize = 12;

std::string told_secret;  // of what the client sends after the handshake

std::string from_hex(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    made += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return made;
}

// "CLIENT_TRAFFIC_SECRET_0 random secret"
void on_secret(const SSL*, const char* line) {
  const std::string_view text(line);
  if (text.substr(0, text.find(' ')) == "CLIENT_TRAFFIC_SECRET_0") {
    told_secret = from_hex(text.substr(text.rfind(' ') + 1));
  }
}

// HKDF-Expand-Label (RFC 8446 7.1) without a context.
std::string expand(std::string secret, std::string label, std::size_t size) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kind(EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr),
                                                               &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kind.get()),
                                                                          &EVP_KDF_CTX_free);
  char digest[] = "SHA256", prefix[] = "tls13 ";
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix, sizeof prefix - 1),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label.data(), label.size()),
      OSSL_PARAM_construct_end()};
  std::string made(size, '\0');
  if (EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(made.data()), size, parameters) != 1) {
    throw Unable("TLS13-KDF has failed");
  }
  return made;
}

// A record of TLS 1.3 (RFC 8446 5.2): what it is stands inside, behind the text.
std::string record(std::uint64_t sequence, std::uint8_t type, const std::string& text) {
  std::string nonce = expand(told_secret, "iv", kNonceSize);
  const std::string count = number(sequence, kNonceSize);
  for (std::size_t i = 0; i < kNonceSize; ++i) nonce[i] = static_cast<char>(nonce[i] ^ count[i]);
  const std::string inner = text + static_cast<char>(type);
  const std::string head = number(kData, 1) + "\x03\x03" + number(inner.size() + 16, 2);
  return head + gcm_close(expand(told_secret, "key", kTrafficKeySize), nonce, head, inner);
}

Context new_context() {
  Context made(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_min_proto_version(made.get(), TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(made.get(), "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_keylog_callback(made.get(), &on_secret);
  return made;
}

}  // namespace

Outcome attack_tls13(const Options& options) {
  Socket socket = Socket::connect(options.host, options.port, options.patience);
  if (!options.wrapped) {
    socket.reply();
    socket.ask("EHLO attacker.example");
    if (socket.ask("STARTTLS").substr(0, 3) != "220") throw Unable("the server does not offer STARTTLS");
  }
  const Context context = new_context();
  OpenSslChannel channel(context.get(), socket, false);
  if (options.wrapped) channel.reply();
  tell(kAttacker, "has TLS 1.3 with the server");
  channel.ask("EHLO attacker.example");
  const std::uint64_t records_so_far = 1;
  const std::string hello = client_hello(random_bytes(kRandomSize), false);
  tell(kAttacker, "sends a victim's ClientHello within the session");
  socket.write(record(records_so_far, kHandshake, hello));
  try {
    socket.write(record(records_so_far + 1, kData, "NOOP\r\n"));
    tell(kAttacker, "the server goes on: " + channel.reply());
    return kSucceeded;
  } catch (const Gone& error) {
    tell(kAttacker, std::string("the session is over: ") + error.what());
    return kFailed;
  }
}

}  // namespace attack
