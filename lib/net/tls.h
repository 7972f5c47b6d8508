// TLS over a Stream (OpenSSL): TLS 1.2 and 1.3, no renegotiation, RFC 5746 required of a TLS 1.2 peer. A context is made
// before the jail and shared by all connections of a process; Stream::start_tls() does a handshake.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/dns.h"

struct ssl_ctx_st;
struct ssl_st;

namespace postern::net {

struct TlsClientOptions {
  std::string ca_file, ca_path;            // smtp_tls_CAfile, smtp_tls_CApath
  bool system_trust = false;               // tls_append_default_CA
  std::string certificate_file, key_file;  // smtp_tls_cert_file and key_file, smtp_tls_chain_files
  std::string protocols = ">=TLSv1.2";     // smtp_tls_protocols: ">=TLSv1.2", "!SSLv2, !SSLv3", …
  std::string ciphers;                     // an OpenSSL cipher list for TLS 1.2; empty: OpenSSL's default
  int verify_depth = 9;
};

// How much is asked of a server's certificate. The levels of smtp_tls_security_level come down to these.
enum class TlsTrust {
  none,         // may, encrypt: any certificate, and none at all
  fingerprint,  // a certificate or key with one of these digests
  tlsa,         // dane: one of these records (RFC 7672); usages 2 and 3 count
  authority,    // verify, secure: signed by a CA that we trust, for one of these names
};

struct TlsClientPeer {
  TlsTrust trust = TlsTrust::none;
  std::string server_name;  // SNI; empty: none
  std::vector<std::string>
      names;  // authority, tlsa (usage 2): "mx.example", ".example" also fits names below it
  std::vector<std::string> fingerprints;  // hex with colons
  std::string fingerprint_digest = "sha256";
  std::vector<TlsaRecord> tlsa;
  std::string protocols, ciphers;  // in place of those of the context; empty: as there
  bool must_match = false;         // the handshake fails when the certificate does not satisfy `trust`
};

// What a handshake came to.
struct TlsFacts {
  std::string protocol;  // "TLSv1.3"
  std::string cipher;    // "TLS_AES_256_GCM_SHA384"
  int bits = 0, algorithm_bits = 0;
  bool has_certificate = false;
  bool is_trusted = false;  // signed by a CA that we trust
  bool is_matched = false;  // and satisfies what was asked of it
  std::string problem;      // why it does not, for the log: "self-signed certificate", "no name matches", …
  std::string subject, issuer;
  std::string fingerprint;  // of the certificate
  // "Anonymous", "Untrusted", "Trusted", "Verified": as the log names the connection.
  std::string_view standing() const;
  // "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
  std::string text() const;
};

class TlsClient {
 public:
  // Reads files. Fails with invalid or as reading does; the text names the file or parameter's value.
  static Result<std::unique_ptr<TlsClient>> make(const TlsClientOptions& options);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ssl_ctx_st* context() const { return context_; }
  const TlsClientOptions& options() const { return options_; }

 private:
  TlsClient(ssl_ctx_st* context, TlsClientOptions options);
  ssl_ctx_st* context_;
  TlsClientOptions options_;
};

}  // namespace postern::net
