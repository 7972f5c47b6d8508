#include "lib/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "lib/base/text.h"
#include "lib/net/tls.h"
#include "lib/net/tls_errors.h"
#include "lib/net/tls_guard.h"

namespace postern::net {

namespace {

// c_rehash's names: eight hexadecimal digits, a dot, a number.
bool is_hash_name(std::string_view name) {
  const auto dot = name.find('.');
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  const auto all = [](std::string_view text, auto good) {
    for (const char c : text) {
      if (!good(c)) return false;
    }
    return !text.empty();
  };
  return dot == 8 && all(name.substr(0, 8), is_hex) && all(name.substr(9), is_digit);
}

Result<void> trust_file(SSL_CTX* context, const std::string& path) {
  return tls_check(X509_STORE_load_file(SSL_CTX_get_cert_store(context), path.c_str()) == 1,
                   concat("cannot load trusted certificates from ", path));
}

// OpenSSL would look into the directory when it verifies; by then there are no files for us.
Result<void> trust_directory(SSL_CTX* context, const std::string& path) {
  std::error_code error;
  std::filesystem::directory_iterator entries(path, error);
  if (error)
    return fail(Errc::invalid,
                concat("cannot read the directory of certificates ", path, ": ", error.message()));
  for (const auto& entry : entries) {
    // One bad file among many is no reason to trust none.
    if (is_hash_name(entry.path().filename().string())) static_cast<void>(trust_file(context, entry.path()));
  }
  tls_reasons();
  return {};
}

void trust_system(SSL_CTX* context) {
  std::error_code error;
  const std::string file = X509_get_default_cert_file(), folder = X509_get_default_cert_dir();
  if (std::filesystem::exists(file, error)) static_cast<void>(trust_file(context, file));
  if (std::filesystem::exists(folder, error)) static_cast<void>(trust_directory(context, folder));
  tls_reasons();
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Chain = std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)>;

Chain new_chain() {
  return {sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }};
}

// One thing of a PEM file.
struct PemPart {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;

  PemPart() = default;
  ~PemPart() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  PemPart(const PemPart&) = delete;
  PemPart& operator=(const PemPart&) = delete;
  bool read(BIO* from) { return PEM_read_bio(from, &name, &header, &data, &size) == 1; }
  bool is_key() const { return std::string_view(name).ends_with("PRIVATE KEY"); }
  bool is_certificate() const { return std::string_view(name).ends_with("CERTIFICATE"); }
};

// A key and what came behind it so far.
struct Link {
  Key key{nullptr, &EVP_PKEY_free};
  Certificate certificate{nullptr, &X509_free};
  Chain above = new_chain();

  Result<void> use(SSL_CTX* context, const std::string& file) {
    if (!certificate) return fail(Errc::invalid, concat("a private key without a certificate in ", file));
    auto done =
        tls_check(SSL_CTX_use_cert_and_key(context, certificate.get(), key.get(), above.get(), 1) == 1,
                  concat("a private key in ", file, " is not that of its certificate"));
    key.reset();
    certificate.reset();
    above = new_chain();
    return done;
  }

  Result<void> add(const PemPart& part, const std::string& file) {
    const unsigned char* data = part.data;
    if (part.is_key()) {
      key.reset(d2i_AutoPrivateKey(nullptr, &data, part.size));
      return tls_check(key != nullptr, concat("cannot load the private key from ", file));
    }
    Certificate one(d2i_X509(nullptr, &data, part.size), &X509_free);
    if (!one) return tls_check(false, concat("cannot load the certificate from ", file));
    if (!certificate) {
      certificate = std::move(one);
    } else {
      sk_X509_push(above.get(), one.release());
    }
    return {};
  }
};

Result<void> load_links(SSL_CTX* context, BIO* from, const std::string& file) {
  Link link;
  for (;;) {
    PemPart part;
    if (!part.read(from)) break;
    if (!part.is_key() && !part.is_certificate()) continue;
    Result<void> done;
    if (part.is_key() && link.key) done = link.use(context, file);
    if (done) done = link.add(part, file);
    if (!done) return done;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end) return tls_check(false, concat("cannot read ", file));
  ERR_clear_error();
  if (!link.key) return fail(Errc::invalid, concat("no private key in ", file));
  return link.use(context, file);
}

// Nobody sits here to type a password.
int no_password(char*, int, int, void*) { return 0; }

}  // namespace

Result<void> tls_check(bool good, std::string text) {
  if (good) return {};
  return fail(Errc::invalid, tls_problem(std::move(text)));
}

Result<void> load_trust(SSL_CTX* context, const std::string& file, const std::string& path, bool system) {
  Result<void> done;
  if (!file.empty()) done = trust_file(context, file);
  if (done && !path.empty()) done = trust_directory(context, path);
  if (done && system) trust_system(context);
  return done;
}

Result<void> load_pair(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  auto done = tls_check(SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) == 1,
                        concat("cannot load the certificate from ", certificate));
  if (!done) return done;
  done = tls_check(SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1,
                   concat("cannot load the private key from ", key));
  if (!done) return done;
  return tls_check(SSL_CTX_check_private_key(context) == 1,
                   concat("the private key in ", key, " is not that of the certificate in ", certificate));
}

Result<void> load_chain(SSL_CTX* context, const std::string& file) {
  const Bio from(BIO_new_file(file.c_str(), "r"), &BIO_free);
  if (!from) return tls_check(false, concat("cannot read ", file));
  return load_links(context, from.get(), file);
}

Result<void> load_chain_text(SSL_CTX* context, const std::string& text, const std::string& name) {
  const Bio from(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  if (!from) return tls_check(false, concat("cannot read ", name));
  return load_links(context, from.get(), name);
}

void set_common(SSL_CTX* context) {
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A peer may end a connection without the goodbye of TLS: mail says itself where it ends.
  SSL_CTX_set_options(context,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_clear_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  SSL_CTX_set_read_ahead(context, 1);
  TlsGuard::watch(context);
  // Any encryption is better than the none that an opportunistic client would fall back to.
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_default_passwd_cb(context, &no_password);
}

// What is between the oldest and the newest version and yet not wanted.
std::uint64_t version_holes(const std::vector<int>& versions) {
  constexpr std::pair<int, std::uint64_t> kSwitches[] = {{SSL3_VERSION, SSL_OP_NO_SSLv3},
                                                         {TLS1_VERSION, SSL_OP_NO_TLSv1},
                                                         {TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
                                                         {TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
                                                         {TLS1_3_VERSION, SSL_OP_NO_TLSv1_3}};
  std::uint64_t off = 0;
  for (const auto& [version, option] : kSwitches) {
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) off |= option;
  }
  return off;
}

Result<void> set_versions(SSL_CTX* context, const std::string& words) {
  auto versions = tls_versions(words);
  if (!versions) return fail(versions.error());
  SSL_CTX_set_min_proto_version(context, 0);
  SSL_CTX_set_max_proto_version(context, 0);
  SSL_CTX_set_options(context, version_holes(*versions));
  return {};
}

Result<void> set_ciphers(SSL_CTX* context, const std::string& list) {
  if (list.empty()) return {};
  return tls_check(SSL_CTX_set_cipher_list(context, list.c_str()) == 1,
                   concat("no cipher list: \"", list, '"'));
}

}  // namespace postern::net
