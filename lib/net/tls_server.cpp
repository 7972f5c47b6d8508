#include "lib/net/tls_server.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <utility>

#include "lib/base/text.h"
#include "lib/net/tls_context.h"
#include "lib/net/tls_errors.h"
#include "lib/net/tls_names.h"
#include "lib/net/tls_threads.h"
#include "lib/net/tls_tickets.h"

namespace postern::net {

namespace {

// Whatever the client shows, the handshake goes on: what it is worth is asked afterwards.
int take_any(int, X509_STORE_CTX*) { return 1; }

Result<void> load_certificates(SSL_CTX* context, const TlsServerOptions& options,
                               std::vector<std::string>& problems) {
  bool any = options.may_be_anonymous;
  const auto count = [&](const Result<void>& loaded) {
    if (!loaded) problems.push_back(loaded.error().text);
    any = any || loaded;
  };
  for (const auto& file : options.chain_files) count(load_chain(context, file));
  if (options.chain_files.empty()) {
    for (const auto& files : options.certificates) count(load_pair(context, files.certificate, files.key));
  }
  if (any) return {};
  if (problems.empty()) return fail(Errc::invalid, "No server certs available. TLS won't be enabled");
  std::string all = std::exchange(problems, {}).front();
  return fail(Errc::invalid, concat(all, ": disabling TLS support"));
}

// Names that this OpenSSL does not know are left out: lists are written for several versions.
Result<void> set_groups(SSL_CTX* context, const std::string& names) {
  std::string known;
  for (const auto name : split_words(names, " \t\r\n,:")) {
    if (SSL_CTX_set1_groups_list(context, std::string(name).c_str()) != 1) continue;
    known += concat(known.empty() ? "" : ":", name);
  }
  ERR_clear_error();
  if (known.empty()) return fail(Errc::invalid, concat("no elliptic curve is known: \"", names, '"'));
  return tls_check(SSL_CTX_set1_groups_list(context, known.c_str()) == 1,
                   concat("no elliptic curves: \"", names, '"'));
}

Result<void> set_dh(SSL_CTX* context, const std::string& file) {
  if (file.empty() || file == "auto") {
    SSL_CTX_set_dh_auto(context, 1);
    return {};
  }
  BIO* from = BIO_new_file(file.c_str(), "r");
  EVP_PKEY* read = from == nullptr ? nullptr : PEM_read_bio_Parameters(from, nullptr);
  BIO_free(from);
  const bool taken = read != nullptr && SSL_CTX_set0_tmp_dh_pkey(context, read) == 1;
  if (!taken) EVP_PKEY_free(read);
  return tls_check(taken, concat("cannot load DH parameters from ", file));
}

// A ticket of another scope counts as none: what was agreed there, or asked of the client, may be less than here.
void set_scope(SSL_CTX* context, const std::string& scope) {
  std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> name{};
  unsigned size = 0;
  EVP_Digest(scope.data(), scope.size(), name.data(), &size, EVP_sha256(), nullptr);
  SSL_CTX_set_session_id_context(context, name.data(), size);
}

// Tickets, with keys of this process unless others are given. Nothing is kept here for a client that may come again.
void set_sessions(SSL_CTX* context, const TlsServerOptions& options) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  const bool resumes = options.session_lifetime.count() > 0;
  SSL_CTX_set_num_tickets(context, resumes ? 1 : 0);
  if (resumes) SSL_CTX_set_timeout(context, options.session_lifetime.count());
  if (!resumes) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  set_scope(context, options.session_scope);
}

// A handshake of TLS 1.3 hashes more than it enciphers: SHA-256 takes half the time of SHA-384, for both sides, and AES of
// 128 bits is as strong as the exchange of keys. What the system has taken off the list stays off.
void prefer_quick_suite(SSL_CTX* context) {
  constexpr std::string_view kQuick = "TLS_AES_128_GCM_SHA256";
  std::string quick, others;
  const auto* all = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
    const SSL_CIPHER* one = sk_SSL_CIPHER_value(all, i);
    if (std::string_view(SSL_CIPHER_get_version(one)) != "TLSv1.3") continue;
    const std::string_view name = SSL_CIPHER_get_name(one);
    (name == kQuick ? quick : others) += concat(':', name);
  }
  if (!quick.empty()) SSL_CTX_set_ciphersuites(context, (quick + others).c_str() + 1);
}

Result<void> set_up(SSL_CTX* context, const TlsServerOptions& options, std::vector<std::string>& problems) {
  set_common(context);
  if (options.prefers_own_ciphers) {
    // A client whose first choice is ChaCha20 has no fast AES.
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    prefer_quick_suite(context);
  }
  set_sessions(context, options);
  auto able = set_versions(context, options.protocols);
  if (able) able = set_ciphers(context, options.ciphers);
  if (able && !options.groups.empty()) able = set_groups(context, options.groups);
  if (able && EVP_get_digestbyname(options.digest.c_str()) == nullptr) {
    able = fail(Errc::invalid, concat("no digest: \"", options.digest, '"'));
  }
  if (able) able = load_certificates(context, options, problems);
  if (able) able = load_trust(context, options.ca_file, options.ca_path, options.system_trust);
  if (!able) return able;
  if (options.asks_certificate) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &take_any);
    SSL_CTX_set_verify_depth(context, options.verify_depth);
    // A hint for clients that have several certificates.
    if (!options.ca_file.empty()) {
      SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(options.ca_file.c_str()));
    }
  }
  // Its absence would not keep us from serving.
  if (const auto dh = set_dh(context, options.dh_file); !dh) {
    problems.push_back(dh.error().text);
    SSL_CTX_set_dh_auto(context, 1);
  }
  ERR_clear_error();
  return able;
}

}  // namespace

Result<std::unique_ptr<TlsServer>> TlsServer::make(const TlsServerOptions& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return fail(Errc::io, tls_problem("new TLS context"));
  std::unique_ptr<TlsServer> made(new TlsServer(context, options));
  auto ready = set_up(context, options, made->problems_);
  if (!ready) return fail(ready.error());
  made->names_ = std::make_unique<TlsNames>(context, options, made->problems_);
  judge_hello(*made);
  return made;
}

TlsServer::TlsServer(SSL_CTX* context, TlsServerOptions options)
    : context_(context), options_(std::move(options)) {}

TlsServer::~TlsServer() {
  SSL_CTX_free(context_);
  EVP_CIPHER_free(ticket_cipher_);
}

void TlsServer::use_threads(Loop& loop) { threads_ = std::make_unique<TlsThreads>(loop); }

Result<void> TlsServer::share_tickets(TlsTicketKeys& keys) {
  ticket_cipher_ = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  if (ticket_cipher_ == nullptr) return fail(Errc::io, tls_problem("no cipher for session tickets"));
  tickets_ = &keys;
  SSL_CTX_set_app_data(context_, this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context_, &TlsTicketCallback::prepare);
  return {};
}

}  // namespace postern::net
