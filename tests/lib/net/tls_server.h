// TLS servers for tests: certificates that are made on the spot, and a server in a thread at one end of a socket pair.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <thread>

#include "tests/lib/net/support.h"

namespace postern::net::testing {

using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

struct Identity {
  CertificatePtr certificate{nullptr, &X509_free};
  KeyPtr key{nullptr, &EVP_PKEY_free};

  std::string digest(const EVP_MD* kind = EVP_sha256()) const {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    REQUIRE(X509_digest(certificate.get(), kind, bytes, &size) == 1);
    return {reinterpret_cast<char*>(bytes), size};
  }
  std::string key_bytes() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &bytes);
    std::string all(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return all;
  }
  std::string key_digest() const {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const std::string all = key_bytes();
    REQUIRE(EVP_Digest(all.data(), all.size(), bytes, &size, EVP_sha256(), nullptr) == 1);
    return {reinterpret_cast<char*>(bytes), size};
  }
  std::string pem(bool with_key = true) const {
    BIO* out = BIO_new(BIO_s_mem());
    if (with_key) PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_bio_X509(out, certificate.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out, &text);
    std::string all(text, static_cast<std::size_t>(size));
    BIO_free(out);
    return all;
  }
};

// "DNS:mx.example, DNS:*.example" as names; nothing for none. From `begins` to `ends`, seconds from now. `rsa`: bits of such a
// key.
inline Identity issue(const std::string& common_name, const std::string& names, const Identity* issuer,
                      bool is_ca = false, long begins = -3600, long ends = 86400, unsigned rsa = 0) {
  Identity made;
  made.key.reset(rsa > 0 ? EVP_RSA_gen(rsa) : EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  static long serial = 100;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), begins);
  X509_gmtime_adj(X509_getm_notAfter(certificate), ends);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509* by = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(by));
  const auto extend = [&](int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, by, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "CA:FALSE");
  if (!names.empty()) extend(NID_subject_alt_name, names);
  REQUIRE(X509_sign(certificate, (issuer != nullptr ? *issuer : made).key.get(), EVP_sha256()) > 0);
  return made;
}

// What one server does. The thread ends with the connection.
class TlsPeer {
 public:
  using Script = std::function<void(SSL*)>;
  using SetUp = std::function<void(SSL_CTX*)>;

  TlsPeer(Fd fd, SSL_CTX* context, Script script) : fd_(std::move(fd)) {
    ::signal(SIGPIPE, SIG_IGN);
    // Here, not in the thread: the context may be gone by the time that it runs.
    SSL* ssl = SSL_new(context);
    thread_ = std::thread([this, ssl, script = std::move(script)] {
      ::fcntl(fd_.get(), F_SETFL, 0);
      SSL_set_fd(ssl, fd_.get());
      accepted = SSL_accept(ssl) == 1;
      if (accepted && script) script(ssl);
      SSL_free(ssl);
      ERR_clear_error();
      fd_.reset();
    });
  }
  ~TlsPeer() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  std::atomic<bool> accepted{false};

 private:
  Fd fd_;
  std::thread thread_;
};

struct ServerContext {
  explicit ServerContext(const Identity* identity, const TlsPeer::SetUp& set_up = {})
      : context(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_security_level(context, 0);
    if (identity != nullptr) {
      REQUIRE(SSL_CTX_use_certificate(context, identity->certificate.get()) == 1);
      REQUIRE(SSL_CTX_use_PrivateKey(context, identity->key.get()) == 1);
    }
    if (set_up) set_up(context);
  }
  ~ServerContext() { SSL_CTX_free(context); }
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;
  SSL_CTX* context;
};

}  // namespace postern::net::testing
