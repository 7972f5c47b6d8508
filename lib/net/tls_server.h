// TLS of a server (OpenSSL): no renegotiation, no compression. A context is made
// before the jail and shared by all connections of a process, which it outlives; Stream::accept_tls() does a handshake.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

struct evp_cipher_st;
struct ssl_ctx_st;

namespace postern::net {

class Loop;
class TlsThreads;
class TlsTicketKeys;

// A certificate, with those above it, and its key. Both may be in one file.
struct TlsKeyFiles {
  std::string certificate, key;
};

// Keys and certificates, as in `chain_files`, for clients that ask for a name: "mx.example"; ".example": for the names below
// it. `files` are read, `text` is used, as if it were a file's.
struct TlsNamedKeys {
  std::string name;
  std::vector<std::string> files;
  std::string text;
};

struct TlsServerOptions {
  std::vector<TlsKeyFiles> certificates;  // smtpd_tls_{,d,ec}{cert,key}_file: of different algorithms
  // smtpd_tls_chain_files: in each any number of keys, each followed by its certificate and those above it. When there
  // are such files, `certificates` does not count, as in Postfix.
  std::vector<std::string> chain_files;
  bool may_be_anonymous = false;  // smtpd_tls_cert_file = none: no certificate, ciphers that need none

  std::string ca_file, ca_path;   // smtpd_tls_CAfile, smtpd_tls_CApath; read whole, for the jail has no files
  bool system_trust = false;      // tls_append_default_CA
  bool asks_certificate = false;  // of the client; what it shows is judged and never ends the handshake
  int verify_depth = 9;           // smtpd_tls_ccert_verifydepth
  std::string digest = "sha256";  // smtpd_tls_fingerprint_digest

  std::string protocols = ">=TLSv1.2";  // smtpd_tls_protocols: ">=TLSv1.2", "!SSLv2, !SSLv3", …
  std::string ciphers;              // an OpenSSL cipher list for TLS 1.2 and older; empty: OpenSSL's default
  std::string groups;               // tls_eecdh_auto_curves, "X25519:prime256v1"; empty: OpenSSL's default
  std::string dh_file;              // smtpd_tls_dh1024_param_file; empty or "auto": as strong as the key
  std::vector<TlsNamedKeys> named;  // tls_server_sni_maps
  std::vector<std::string>
      alpn;          // smtpd_tls_alpn: a client that lists protocols lists one of these; empty: all the same
  std::string host;  // a name that a client may ask for, beside those of certificates and of `named`
  bool refuses_other_names = false;  // smtpd_tls_sni_mismatch = reject
  bool prefers_own_ciphers = false;  // tls_preempt_cipherlist; and in TLS 1.3 what is quick
  seconds session_lifetime{3600};    // smtpd_tls_session_cache_timeout; 0: no session is resumed
  // Whose sessions may be resumed: those of servers with the same text, which names all that may not differ.
  std::string session_scope;
};

class TlsNames;

class TlsServer {
 public:
  // Reads files. A certificate that cannot be used is a problem, and the server does with the others; fails with invalid
  // when none is left, and for whatever else is wrong. The text names the file or the parameter's value.
  static Result<std::unique_ptr<TlsServer>> make(const TlsServerOptions& options);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  // What is to be warned of, though there is a context.
  const std::vector<std::string>& problems() const { return problems_; }
  const TlsServerOptions& options() const { return options_; }
  const TlsNames& names() const { return *names_; }
  ssl_ctx_st* context() const { return context_; }

  // Tickets are made with these keys from now on, not with some that only this context knows. Before the jail; the keys
  // outlive the context. Fails with io.
  Result<void> share_tickets(TlsTicketKeys& keys);
  TlsTicketKeys* tickets() const { return tickets_; }
  // Handshakes are done by threads too where there are many at a time (tls_threads.h). Before the jail; the loop outlives
  // the context.
  void use_threads(Loop& loop);
  TlsThreads* threads() const { return threads_.get(); }
  const evp_cipher_st* ticket_cipher() const { return ticket_cipher_; }

 private:
  TlsServer(ssl_ctx_st* context, TlsServerOptions options);
  ssl_ctx_st* context_;
  TlsTicketKeys* tickets_ = nullptr;
  evp_cipher_st* ticket_cipher_ = nullptr;
  std::unique_ptr<TlsThreads> threads_;
  TlsServerOptions options_;
  std::vector<std::string> problems_;
  std::unique_ptr<TlsNames> names_;
};

}  // namespace postern::net
