// The parameters of the SMTP and LMTP clients: TLS and login.
#pragma once

#include "lib/config/params/smtp_side.h"

namespace postern::config {

struct SmtpTlsParams : SidedParams {
  explicit SmtpTlsParams(Side side) : SidedParams(side) {}

  Param<bool> sasl_auth_enable{
      *this, name("sasl_auth_enable"), "no", "Log in where smtp_sasl_password_maps has a password."};
  Param<bool> sasl_auth_soft_bounce{
      *this, name("sasl_auth_soft_bounce"), "yes", "Defer, rather than return, when a login fails."};
  Param<List> sasl_mechanism_filter{*this, name("sasl_mechanism_filter"), "", "Mechanisms that are used."};
  Param<std::string> sasl_password_maps{
      *this, name("sasl_password_maps"), "", "Tables of user:password by server or sender."};
  Param<std::string> sasl_password_result_delimiter{*this, name("sasl_password_result_delimiter"), ":",
      "What stands between name and password in smtp_sasl_password_maps."};
  Param<List> sasl_security_options{*this, name("sasl_security_options"), "noplaintext, noanonymous",
      "What mechanisms must not allow without TLS."};
  Param<List> sasl_tls_security_options{*this, name("sasl_tls_security_options"),
      value_of("sasl_security_options"), "What mechanisms must not allow with TLS."};
  Param<List> sasl_tls_verified_security_options{*this, name("sasl_tls_verified_security_options"),
      value_of("sasl_tls_security_options"), "The same when the server's certificate was verified."};
  Param<bool> sender_dependent_authentication{
      *this, name("sender_dependent_authentication"), "no", "Find the password by sender first."};
  Param<bool> send_dummy_mail_auth{
      *this, name("send_dummy_mail_auth"), "no", "Say AUTH=<> at MAIL after a login."};
  Param<bool> enforce_tls{*this, name("enforce_tls"), "no", "Obsolete: smtp_tls_security_level = encrypt."};
  Param<bool> use_tls{*this, name("use_tls"), "no", "Obsolete: smtp_tls_security_level = may."};
  Param<Seconds> starttls_timeout{
      *this, name("starttls_timeout"), "300s", "How long a TLS handshake may take.", at_least(1)};
  Param<std::string> tls_CAfile{
      *this, name("tls_CAfile"), "", "Certificates that server certificates may be signed by."};
  Param<std::string> tls_CApath{*this, name("tls_CApath"), "", "A directory of such certificates."};
  Param<List> tls_alpn{*this, name("tls_alpn"), is_lmtp() ? "" : "smtp",
      "The protocols that TLS names to the server (ALPN); one that chooses another is left."};
  Param<bool> tls_block_early_mail_reply{*this, name("tls_block_early_mail_reply"), "no",
      "Replies that were sent before their commands are noticed always."};
  Param<std::string> tls_cert_file{*this, name("tls_cert_file"), "", "Our RSA client certificate."};
  Param<List> tls_chain_files{
      *this, name("tls_chain_files"), "", "Our keys and certificates, in any number of files."};
  Param<std::string> tls_ciphers{
      *this, name("tls_ciphers"), "medium", "The least grade of ciphers.", at_least(1)};
  Param<bool> tls_connection_reuse{*this, name("tls_connection_reuse"), "no", "Use TLS connections again."};
  Param<std::string> tls_downgrade_action{*this, name("tls_downgrade_action"), "log",
      "What is done when a server has less TLS than before: log, or defer.", at_least(1)};
  Param<Seconds> tls_downgrade_time_limit{*this, name("tls_downgrade_time_limit"), "3d",
      "After how long with less TLS this is taken for the server's own will.", at_least(1)};
  Param<std::string> tls_eccert_file{*this, name("tls_eccert_file"), "", "Our ECDSA client certificate."};
  Param<std::string> tls_eckey_file{
      *this, name("tls_eckey_file"), value_of("tls_eccert_file"), "The key of our ECDSA certificate."};
  Param<bool> tls_enforce_peername{
      *this, name("tls_enforce_peername"), "yes", "Obsolete: the name in the certificate must fit."};
  Param<List> tls_exclude_ciphers{*this, name("tls_exclude_ciphers"), "", "Ciphers that are never used."};
  Param<List> tls_fingerprint_cert_match{
      *this, name("tls_fingerprint_cert_match"), "", "Fingerprints that the level fingerprint accepts."};
  Param<std::string> tls_fingerprint_digest{*this, name("tls_fingerprint_digest"),
      "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", "The digest of these fingerprints.",
      at_least(1)};
  Param<std::string> tls_history_database{*this, name("tls_history_database"),
      is_lmtp() ? "$smtp_tls_history_database" : "$data_directory/tls_history.db",
      "The file that remembers which servers had TLS; empty: none does."};
  Param<Seconds> tls_history_time_limit{*this, name("tls_history_time_limit"), "30d",
      "How long that is remembered after the last time.", at_least(1)};
  Param<std::string> tls_key_file{
      *this, name("tls_key_file"), value_of("tls_cert_file"), "The key of our RSA certificate."};
  Param<std::string> tls_loglevel{*this, name("tls_loglevel"), "0", "How much to log about TLS."};
  Param<std::string> tls_mandatory_ciphers{*this, name("tls_mandatory_ciphers"), "medium",
      "The least grade of ciphers where TLS is required.", at_least(1)};
  Param<List> tls_mandatory_exclude_ciphers{*this, name("tls_mandatory_exclude_ciphers"), "",
      "Further ciphers that are never used where TLS is required."};
  Param<std::string> tls_mandatory_protocols{
      *this, name("tls_mandatory_protocols"), ">=TLSv1", "TLS versions where TLS is required."};
  Param<bool> tls_note_starttls_offer{
      *this, name("tls_note_starttls_offer"), "no", "Log servers that offer STARTTLS we do not use."};
  Param<std::string> tls_policy_maps{
      *this, name("tls_policy_maps"), "", "Tables of TLS levels by destination."};
  Param<std::string> tls_protocols{*this, name("tls_protocols"), ">=TLSv1", "TLS versions."};
  Param<int> tls_scert_verifydepth{
      *this, name("tls_scert_verifydepth"), "9", "Length of the chain of a server certificate."};
  Param<List> tls_secure_cert_match{*this, name("tls_secure_cert_match"),
      is_lmtp() ? "nexthop" : "nexthop, dot-nexthop", "Names that the level secure accepts.", at_least(1)};
  Param<std::string> tls_security_level{*this, name("tls_security_level"), "",
      "none, may, encrypt, dane, dane-only, fingerprint, verify or secure."};
  Param<std::string> tls_servername{*this, name("tls_servername"), "", "The name to ask the server for."};
  Param<std::string> tls_trust_anchor_file{*this, name("tls_trust_anchor_file"), "",
      "Files of certificates to trust in place of all others.", not_yet()};
  Param<List> tls_verify_cert_match{
      *this, name("tls_verify_cert_match"), "hostname", "Names that the level verify accepts.", at_least(1)};
  Param<bool> tls_wrappermode{
      *this, name("tls_wrappermode"), "no", "Start with TLS at connect, as on port 465."};
};

}  // namespace postern::config
