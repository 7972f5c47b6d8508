// A client's context, and what one connection asks for beyond it.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>

#include "lib/base/text.h"
#include "lib/net/tls.h"
#include "lib/net/tls_connection.h"
#include "lib/net/tls_errors.h"
#include "lib/net/tls_sessions.h"

namespace postern::net {

namespace {

Result<void> check(bool good, std::string text) {
  if (good) return {};
  return fail(Errc::invalid, tls_problem(std::move(text)));
}

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
  return check(X509_STORE_load_file(SSL_CTX_get_cert_store(context), path.c_str()) == 1,
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

Result<void> load_trust(SSL_CTX* context, const TlsClientOptions& options) {
  Result<void> done;
  if (!options.ca_file.empty()) done = trust_file(context, options.ca_file);
  if (done && !options.ca_path.empty()) done = trust_directory(context, options.ca_path);
  if (done && options.system_trust) trust_system(context);
  return done;
}

Result<void> load_pair(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  auto done = check(SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) == 1,
                    concat("cannot load the certificate from ", certificate));
  if (!done) return done;
  done = check(SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1,
               concat("cannot load the private key from ", key));
  if (!done) return done;
  return check(SSL_CTX_check_private_key(context) == 1,
               concat("the private key in ", key, " is not that of the certificate in ", certificate));
}

Result<void> load_identity(SSL_CTX* context, const TlsClientOptions& options) {
  for (const auto& file : options.chain_files) {
    auto done = load_pair(context, file, file);
    if (!done) return done;
  }
  if (!options.chain_files.empty() || options.certificate_file.empty()) return {};
  const bool apart = !options.key_file.empty();
  return load_pair(context, options.certificate_file, apart ? options.key_file : options.certificate_file);
}

// What is between the oldest and the newest version and yet not wanted.
std::uint64_t holes(const std::vector<int>& versions) {
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

constexpr std::uint64_t kAllVersions =
    SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;

Result<void> set_up(SSL_CTX* context, const TlsClientOptions& options) {
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A peer may end a connection without the goodbye of TLS: mail says itself where it ends.
  SSL_CTX_set_options(context,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_clear_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  SSL_CTX_set_read_ahead(context, 1);
  // Any encryption is better than the none that an opportunistic client would fall back to.
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_verify_depth(context, options.verify_depth);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &TlsCallbacks::new_session);
  auto versions = tls_versions(options.protocols);
  if (!versions) return fail(versions.error());
  SSL_CTX_set_min_proto_version(context, 0);
  SSL_CTX_set_max_proto_version(context, 0);
  SSL_CTX_set_options(context, holes(*versions));
  if (!options.ciphers.empty()) {
    auto known = check(SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) == 1,
                       concat("no cipher list: \"", options.ciphers, '"'));
    if (!known) return known;
  }
  auto able = check(SSL_CTX_dane_enable(context) == 1, "cannot use DANE");
  if (able) able = load_trust(context, options);
  if (able) able = load_identity(context, options);
  return able;
}

// Sessions of peers of which the same is asked.
std::string session_key(const TlsClientPeer& peer) {
  std::string key = concat(peer.session, '\0', static_cast<int>(peer.trust), '\0', peer.server_name, '\0',
                           peer.protocols, '\0', peer.ciphers, '\0', peer.fingerprint_digest);
  for (const auto& name : peer.names) key += concat('\0', 'n', name);
  for (const auto& print : peer.fingerprints) key += concat('\0', 'f', print);
  for (const auto& record : peer.tlsa) {
    key += concat('\0', 't', record.usage, ' ', record.selector, ' ', record.matching, ' ', record.data);
  }
  return key;
}

Result<void> use_tlsa(SSL* ssl, const TlsClientPeer& peer) {
  const std::string base = peer.names.empty() ? peer.server_name : peer.names.front();
  auto done = check(SSL_dane_enable(ssl, base.c_str()) == 1, "cannot use DANE");
  if (!done) return done;
  // RFC 7672 3.1.1: with usage 3 the names in the certificate do not count.
  SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  for (std::size_t i = 1; i < peer.names.size(); ++i) SSL_add1_host(ssl, peer.names[i].c_str());
  for (const auto& record : peer.tlsa) {
    // Usage 2 without a name would let the authority speak for everybody.
    if (!is_usable(record) || (record.usage == 2 && base.empty())) continue;
    SSL_dane_tlsa_add(ssl, static_cast<std::uint8_t>(record.usage),
                      static_cast<std::uint8_t>(record.selector), static_cast<std::uint8_t>(record.matching),
                      reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size());
  }
  ERR_clear_error();  // a record that OpenSSL does not take is as if it were not there
  return {};
}

}  // namespace

Result<std::unique_ptr<TlsClient>> TlsClient::make(const TlsClientOptions& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return fail(Errc::io, tls_problem("new TLS context"));
  std::unique_ptr<TlsClient> made(new TlsClient(context, options));
  auto ready = set_up(context, options);
  if (!ready) return fail(ready.error());
  return made;
}

TlsClient::TlsClient(SSL_CTX* context, TlsClientOptions options)
    : context_(context),
      options_(std::move(options)),
      sessions_(std::make_unique<TlsSessions>(options_.session_lifetime)) {}

TlsClient::~TlsClient() { SSL_CTX_free(context_); }

Result<void> TlsConnection::configure(const TlsClient& client, const TlsClientPeer& peer) {
  Result<void> done;
  if (!peer.server_name.empty()) {
    done = check(SSL_set_tlsext_host_name(ssl_, peer.server_name.c_str()) == 1,
                 concat("no name for SNI: ", printable(peer.server_name)));
  }
  if (done && !peer.protocols.empty()) {
    auto versions = tls_versions(peer.protocols);
    if (!versions) return fail(versions.error());
    SSL_clear_options(ssl_, kAllVersions);
    SSL_set_options(ssl_, holes(*versions));
  }
  if (done && !peer.ciphers.empty()) {
    done = check(SSL_set_cipher_list(ssl_, peer.ciphers.c_str()) == 1,
                 concat("no cipher list: \"", peer.ciphers, '"'));
  }
  if (done && peer.trust == TlsTrust::tlsa) done = use_tlsa(ssl_, peer);
  if (!done || peer.session.empty()) return done;
  sessions_ = &client.sessions();
  session_key_ = session_key(peer);
  if (SSL_SESSION* session = sessions_->take(session_key_)) {
    SSL_set_session(ssl_, session);
    SSL_SESSION_free(session);
  }
  return {};
}

}  // namespace postern::net
