// A client's context, and what one connection asks for beyond it.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/net/tls.h"
#include "lib/net/tls_connection.h"
#include "lib/net/tls_context.h"
#include "lib/net/tls_errors.h"
#include "lib/net/tls_sessions.h"

namespace postern::net {

namespace {

Result<void> load_identity(SSL_CTX* context, const TlsClientOptions& options) {
  for (const auto& file : options.chain_files) {
    auto done = load_chain(context, file);
    if (!done) return done;
  }
  if (!options.chain_files.empty() || options.certificate_file.empty()) return {};
  const bool apart = !options.key_file.empty();
  return load_pair(context, options.certificate_file, apart ? options.key_file : options.certificate_file);
}

constexpr std::uint64_t kAllVersions =
    SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;

// What we speak (RFC 7301). A name has 1 to 255 bytes.
Result<void> offer_protocols(SSL_CTX* context, const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    if (name.empty() || name.size() > 255)
      return fail(Errc::invalid, concat("no protocol for ALPN: \"", name, '"'));
    list += concat(static_cast<char>(name.size()), name);
  }
  if (list.empty()) return {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(list.data());
  return tls_check(SSL_CTX_set_alpn_protos(context, bytes, static_cast<unsigned>(list.size())) == 0,
                   "cannot offer protocols");
}

Result<void> set_up(SSL_CTX* context, const TlsClientOptions& options) {
  set_common(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_verify_depth(context, options.verify_depth);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &TlsCallbacks::new_session);
  auto able = set_versions(context, options.protocols);
  if (able) able = set_ciphers(context, options.ciphers);
  if (able) able = tls_check(SSL_CTX_dane_enable(context) == 1, "cannot use DANE");
  if (able) able = load_trust(context, options.ca_file, options.ca_path, options.system_trust);
  if (able) able = load_identity(context, options);
  if (able) able = offer_protocols(context, options.alpn);
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
  auto done = tls_check(SSL_dane_enable(ssl, base.c_str()) == 1, "cannot use DANE");
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

bool TlsClient::speaks(const std::string& protocol) const {
  return protocol.empty() ||
         std::find(options_.alpn.begin(), options_.alpn.end(), protocol) != options_.alpn.end();
}

TlsClient::~TlsClient() { SSL_CTX_free(context_); }

Result<void> TlsConnection::configure(const TlsClient& client, const TlsClientPeer& peer) {
  Result<void> done;
  // Where the certificate counts, what cannot be forged by the way has to vouch for it.
  if (peer.trust != TlsTrust::none) SSL_set_security_level(ssl_, 1);
  if (!peer.server_name.empty()) {
    done = tls_check(SSL_set_tlsext_host_name(ssl_, peer.server_name.c_str()) == 1,
                     concat("no name for SNI: ", printable(peer.server_name)));
  }
  if (done && !peer.protocols.empty()) {
    auto versions = tls_versions(peer.protocols);
    if (!versions) return fail(versions.error());
    SSL_clear_options(ssl_, kAllVersions);
    SSL_set_options(ssl_, version_holes(*versions));
  }
  if (done && !peer.ciphers.empty()) {
    done = tls_check(SSL_set_cipher_list(ssl_, peer.ciphers.c_str()) == 1,
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
