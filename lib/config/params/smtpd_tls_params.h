// The parameters of TLS: of a server's, and those that clients share.
#pragma once

#include <string>

#include "lib/config/param.h"

namespace postern::config {

struct SmtpdTlsParams : ParamGroup {
  Param<bool> enforce_tls{*this, "smtpd_enforce_tls", "no", "Obsolete: smtpd_tls_security_level = encrypt."};
  Param<bool> use_tls{*this, "smtpd_use_tls", "no", "Obsolete: smtpd_tls_security_level = may."};
  Param<std::string> security_level{*this, "smtpd_tls_security_level", "", "none, may or encrypt."};
  Param<bool> wrappermode{*this, "smtpd_tls_wrappermode", "no", "Start with TLS at connect, as on port 465."};
  Param<Seconds> starttls_timeout{*this, "smtpd_starttls_timeout", "${stress?{10}:{300}}s",
      "How long a TLS handshake may take.", at_least(1)};
  Param<std::string> loglevel{*this, "smtpd_tls_loglevel", "0", "How much to log about TLS."};
  Param<bool> received_header{*this, "smtpd_tls_received_header", "no", "Show the cipher in Received:."};

  Param<List> chain_files{
      *this, "smtpd_tls_chain_files", "", "Our keys and certificates, in any number of files."};
  Param<std::string> cert_file{*this, "smtpd_tls_cert_file", "", "Our RSA certificate."};
  Param<std::string> key_file{
      *this, "smtpd_tls_key_file", "$smtpd_tls_cert_file", "The key of our RSA certificate."};
  Param<std::string> dcert_file{*this, "smtpd_tls_dcert_file", "", "Our DSA certificate."};
  Param<std::string> dkey_file{
      *this, "smtpd_tls_dkey_file", "$smtpd_tls_dcert_file", "The key of our DSA certificate."};
  Param<std::string> eccert_file{*this, "smtpd_tls_eccert_file", "", "Our ECDSA certificate."};
  Param<std::string> eckey_file{
      *this, "smtpd_tls_eckey_file", "$smtpd_tls_eccert_file", "The key of our ECDSA certificate."};
  Param<std::string> dh1024_param_file{
      *this, "smtpd_tls_dh1024_param_file", "", "Obsolete: Diffie-Hellman parameters."};

  Param<List> server_sni_maps{
      *this, "tls_server_sni_maps", "", "Tables of certificates by the name that a client asks for."};
  Param<std::string> sni_mismatch{*this, "smtpd_tls_sni_mismatch", "ignore",
      "A client that asks for another server's name (SNI): ignore or reject."};
  Param<List> alpn{*this, "smtpd_tls_alpn", "smtp",
      "A client that names protocols (ALPN) names one of these. Empty: it is not looked at."};

  Param<std::string> CAfile{
      *this, "smtpd_tls_CAfile", "", "Certificates that client certificates may be signed by."};
  Param<std::string> CApath{*this, "smtpd_tls_CApath", "", "A directory of such certificates."};
  Param<bool> ask_ccert{*this, "smtpd_tls_ask_ccert", "no", "Ask for a client certificate."};
  Param<bool> req_ccert{*this, "smtpd_tls_req_ccert", "no", "Require a client certificate."};
  Param<int> ccert_verifydepth{
      *this, "smtpd_tls_ccert_verifydepth", "9", "Length of the chain of a client certificate."};
  Param<std::string> fingerprint_digest{*this, "smtpd_tls_fingerprint_digest",
      "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}",
      "The digest that certificates are compared by.", at_least(1)};

  Param<std::string> protocols{*this, "smtpd_tls_protocols", ">=TLSv1",
      "TLS versions. Differs from Postfix: where it is not set, no older version than TLS 1.2."};
  Param<std::string> mandatory_protocols{*this, "smtpd_tls_mandatory_protocols", ">=TLSv1",
      "TLS versions where TLS is required. Differs from Postfix as smtpd_tls_protocols does."};
  Param<std::string> ciphers{*this, "smtpd_tls_ciphers", "medium",
      "The least grade of ciphers. Differs from Postfix: where it is not set, only those with forward "
      "secrecy "
      "and authenticated encryption.",
      at_least(1)};
  Param<std::string> mandatory_ciphers{*this, "smtpd_tls_mandatory_ciphers", "medium",
      "The least grade of ciphers where TLS is required. Differs from Postfix as smtpd_tls_ciphers does.",
      at_least(1)};
  Param<std::string> exclude_ciphers{*this, "smtpd_tls_exclude_ciphers", "", "Ciphers that are never used."};
  Param<std::string> mandatory_exclude_ciphers{*this, "smtpd_tls_mandatory_exclude_ciphers", "",
      "Further ciphers that are never used where TLS is required."};
  Param<Seconds> session_cache_timeout{*this, "smtpd_tls_session_cache_timeout", "3600s",
      "How long a TLS session may be resumed.", between(0, 8640000)};

  Param<std::string> eecdh_auto_curves{*this, "tls_eecdh_auto_curves",
      "X25519 X448 prime256v1 secp521r1 secp384r1", "Elliptic curves to agree on, the best first.",
      at_least(1)};
  Param<bool> preempt_cipherlist{*this, "tls_preempt_cipherlist", "no",
      "Our order of ciphers counts, not the client's. Differs from Postfix: yes where it is not set."};
};

// Of clients and servers.
struct TlsParams : ParamGroup {
  Param<bool> append_default_CA{
      *this, "tls_append_default_CA", "no", "Trust the system's certificate authorities too."};
  Param<std::string> high_cipherlist{*this, "tls_high_cipherlist", "aNULL:-aNULL:HIGH:@STRENGTH",
      "The ciphers of the grade high.", at_least(1)};
  Param<std::string> medium_cipherlist{*this, "tls_medium_cipherlist",
      "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH", "The ciphers of the grade medium.", at_least(1)};
  Param<std::string> low_cipherlist{*this, "tls_low_cipherlist",
      "aNULL:-aNULL:HIGH:MEDIUM:LOW:+RC4:@STRENGTH", "The ciphers of the grade low.", at_least(1)};
  Param<std::string> export_cipherlist{*this, "tls_export_cipherlist",
      "aNULL:-aNULL:HIGH:MEDIUM:LOW:EXPORT:+RC4:@STRENGTH", "The ciphers of the grade export.", at_least(1)};
  Param<std::string> null_cipherlist{
      *this, "tls_null_cipherlist", "eNULL:!aNULL", "The ciphers of the grade null.", at_least(1)};
};

}  // namespace postern::config
