// TLS over a Stream (OpenSSL): no renegotiation, RFC 5746 required of a TLS 1.2 peer. A context is made before the jail
// and shared by all connections of a process, which it outlives; Stream::start_tls() does a handshake.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/dns.h"

struct ssl_ctx_st;
struct ssl_st;

namespace postern::net {

class TlsSessions;

struct TlsClientOptions {
  std::string ca_file, ca_path;  // smtp_tls_CAfile, smtp_tls_CApath; read whole, for the jail has no files
  bool system_trust = false;     // tls_append_default_CA
  std::string certificate_file, key_file;  // smtp_tls_cert_file and key_file; no key file: in the same
  std::vector<std::string>
      chain_files;  // smtp_tls_chain_files: each a key, its certificate, and those above it
  std::string protocols = ">=TLSv1.2";  // smtp_tls_protocols: ">=TLSv1.2", "!SSLv2, !SSLv3", …
  std::string ciphers;                  // an OpenSSL cipher list for TLS 1.2; empty: OpenSSL's default
  std::vector<std::string> alpn;        // smtp_tls_alpn: the protocols that we speak; empty: none is named
  int verify_depth = 9;
  seconds session_lifetime{3600};  // smtp_tls_session_cache_timeout
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
  // authority, tlsa (usage 2): "mx.example"; ".example" fits the names below it
  std::vector<std::string> names;
  std::vector<std::string> fingerprints;  // hex, with or without colons
  std::string fingerprint_digest = "sha256";
  std::vector<TlsaRecord> tlsa;
  std::string protocols, ciphers;  // in place of those of the context; empty: as there
  bool must_match = false;         // the handshake fails when the certificate does not satisfy `trust`
  // Host and port, say: a later connection that asks for all the same under this name resumes the session, which
  // spares both sides most of the work. Empty: none is kept.
  std::string session;
};

// Whether DANE may rest on a record (RFC 7672 3.1): usages 2 and 3, known selector and digest of the right length.
// With records of which none is usable, a destination is sent to with encryption but without authentication.
bool is_usable(const TlsaRecord& record);

// What a handshake came to.
struct TlsFacts {
  std::string protocol;  // "TLSv1.3"
  std::string cipher;    // "TLS_AES_256_GCM_SHA384"
  int bits = 0, algorithm_bits = 0;
  std::string
      details;  // of TLS 1.3: "key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256"
  bool is_resumed = false;
  bool has_certificate = false;
  bool is_trusted = false;  // signed by a CA that we trust (or that a TLSA record names)
  bool is_matched = false;  // and satisfies what was asked of it
  std::string problem;      // why it does not, for the log: "self-signed certificate", "no name matches", …
  std::string subject, issuer;  // common names; from a stranger, not yet made printable
  std::string fingerprint;      // of the certificate: "AB:CD:…"
  std::string key_fingerprint;  // of its public key
  // Of TLS 1.2 and older: RFC 5746, RFC 7627. Of TLS 1.3, which has no renegotiation, both are true.
  bool has_secure_renegotiation = false, has_extended_master_secret = false;
  std::string alpn;         // the protocol that was agreed on; empty: none was
  std::string server_name;  // that the client asked for (SNI); from a stranger, not yet made printable
  // "Anonymous", "Untrusted", "Trusted", "Verified": as the log names the connection.
  std::string_view standing() const;
  // "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)", and the details.
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
  TlsSessions& sessions() const { return *sessions_; }
  // Whether a protocol that a server chose is one that we offered; empty: it chose none.
  bool speaks(const std::string& protocol) const;

 private:
  TlsClient(ssl_ctx_st* context, TlsClientOptions options);
  ssl_ctx_st* context_;
  TlsClientOptions options_;
  std::unique_ptr<TlsSessions> sessions_;
};

// The versions that a text such as ">=TLSv1.2", "!SSLv3 !TLSv1" or "TLSv1.2, TLSv1.3" leaves, as OpenSSL's numbers of
// versions (0x0303: TLS 1.2), the oldest first. SSL 2 is never among them. Fails with invalid: a word that is none,
// nothing left.
Result<std::vector<int>> tls_versions(std::string_view text);

// An OpenSSL cipher list without what `excluded` names ("aNULL, 3DES"): smtp_tls_exclude_ciphers.
std::string tls_cipher_list(std::string_view list, std::string_view excluded);

// Whether OpenSSL understands a cipher list. Fails with invalid.
Result<void> check_tls_ciphers(const std::string& list);

}  // namespace postern::net
