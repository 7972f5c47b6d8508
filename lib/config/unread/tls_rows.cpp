// Parameters of TLS, and of tlsproxy that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"tls_append_default_CA", "no", boolean, "Trust the system's certificate authorities too."},
    {"tls_config_file", "default", string, "The configuration file of OpenSSL."},
    {"tls_config_name", "", string, "The section of that file."},
    {"tls_daemon_random_bytes", "32", integer, "Random bytes that a program takes at its start."},
    {"tls_dane_digests", "sha512 sha256", string, "Digests of TLSA records that are used, the best first."},
    {"tls_disable_workarounds", "", string, "Workarounds of OpenSSL to switch off."},
    {"tls_eecdh_auto_curves", "X25519 X448 prime256v1 secp521r1 secp384r1", string, "Elliptic curves to agree on, the best first."},
    {"tls_eecdh_strong_curve", "prime256v1", string, "Obsolete: the curve of the strong grade."},
    {"tls_eecdh_ultra_curve", "secp384r1", string, "Obsolete: the curve of the ultra grade."},
    {"tls_export_cipherlist", "aNULL:-aNULL:HIGH:MEDIUM:LOW:EXPORT:+RC4:@STRENGTH", string, "The ciphers of the grade export."},
    {"tls_fast_shutdown_enable", "yes", boolean, "End TLS sessions without waiting for the peer's answer."},
    {"tls_high_cipherlist", "aNULL:-aNULL:HIGH:@STRENGTH", string, "The ciphers of the grade high."},
    {"tls_legacy_public_key_fingerprints", "no", boolean, "Compute fingerprints of keys as old versions did."},
    {"tls_low_cipherlist", "aNULL:-aNULL:HIGH:MEDIUM:LOW:+RC4:@STRENGTH", string, "The ciphers of the grade low."},
    {"tls_medium_cipherlist", "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH", string, "The ciphers of the grade medium."},
    {"tls_null_cipherlist", "eNULL:!aNULL", string, "The ciphers of the grade null."},
    {"tls_preempt_cipherlist", "no", boolean, "Our order of ciphers counts, not the client's."},
    {"tls_random_bytes", "32", integer, "Random bytes that are read from tls_random_source."},
    {"tls_random_exchange_name", "${data_directory}/prng_exch", string, "Where random bytes are kept between starts."},
    {"tls_random_prng_update_period", "3600s", time, "How often these are saved."},
    {"tls_random_reseed_period", "3600s", time, "How often more random bytes are read, at most."},
    {"tls_random_source", "dev:/dev/urandom", string, "Where random bytes come from."},
    {"tls_server_sni_maps", "", string, "Tables of certificates by the name that a client asks for."},
    {"tls_session_ticket_cipher", "aes-256-cbc", string, "The cipher of session tickets."},
    {"tls_ssl_options", "", string, "Options of OpenSSL to switch on."},
    {"tls_wildcard_matches_multiple_labels", "yes", boolean, "Let * in a certificate stand for several labels."},
    {"tlsproxy_client_CAfile", "$smtp_tls_CAfile", string, "As smtp_tls_CAfile, in tlsproxy."},
    {"tlsproxy_client_CApath", "$smtp_tls_CApath", string, "As smtp_tls_CApath, in tlsproxy."},
    {"tlsproxy_client_cert_file", "$smtp_tls_cert_file", string, "As smtp_tls_cert_file, in tlsproxy."},
    {"tlsproxy_client_chain_files", "$smtp_tls_chain_files", string, "As smtp_tls_chain_files, in tlsproxy."},
    {"tlsproxy_client_dcert_file", "$smtp_tls_dcert_file", string, "As smtp_tls_dcert_file, in tlsproxy."},
    {"tlsproxy_client_dkey_file", "$smtp_tls_dkey_file", string, "As smtp_tls_dkey_file, in tlsproxy."},
    {"tlsproxy_client_eccert_file", "$smtp_tls_eccert_file", string, "As smtp_tls_eccert_file, in tlsproxy."},
    {"tlsproxy_client_eckey_file", "$smtp_tls_eckey_file", string, "As smtp_tls_eckey_file, in tlsproxy."},
    {"tlsproxy_client_enforce_tls", "$smtp_enforce_tls", boolean, "As smtp_enforce_tls, in tlsproxy."},
    {"tlsproxy_client_fingerprint_digest", "$smtp_tls_fingerprint_digest", string, "As smtp_tls_fingerprint_digest, in tlsproxy."},
    {"tlsproxy_client_key_file", "$smtp_tls_key_file", string, "As smtp_tls_key_file, in tlsproxy."},
    {"tlsproxy_client_loglevel", "$smtp_tls_loglevel", integer, "As smtp_tls_loglevel, in tlsproxy."},
    {"tlsproxy_client_loglevel_parameter", "smtp_tls_loglevel", string, "The parameter that the log level comes from."},
    {"tlsproxy_client_per_site", "$smtp_tls_per_site", string, "Obsolete: tlsproxy_client_policy_maps."},
    {"tlsproxy_client_policy_maps", "${tlsproxy_client_policy:$smtp_tls_policy_maps}", string, "As smtp_tls_policy_maps, in tlsproxy."},
    {"tlsproxy_client_scert_verifydepth", "$smtp_tls_scert_verifydepth", integer, "As smtp_tls_scert_verifydepth, in tlsproxy."},
    {"tlsproxy_client_security_level", "${tlsproxy_client_level:$smtp_tls_security_level}", string, "As smtp_tls_security_level, in tlsproxy."},
    {"tlsproxy_client_use_tls", "$smtp_use_tls", boolean, "As smtp_use_tls, in tlsproxy."},
    {"tlsproxy_enforce_tls", "$smtpd_enforce_tls", boolean, "As smtpd_enforce_tls, in tlsproxy."},
    {"tlsproxy_service_name", "tlsproxy", string, "The service that does TLS for others."},
    {"tlsproxy_tls_CAfile", "$smtpd_tls_CAfile", string, "As smtpd_tls_CAfile, in tlsproxy."},
    {"tlsproxy_tls_CApath", "$smtpd_tls_CApath", string, "As smtpd_tls_CApath, in tlsproxy."},
    {"tlsproxy_tls_always_issue_session_ids", "$smtpd_tls_always_issue_session_ids", boolean, "As smtpd_tls_always_issue_session_ids, in tlsproxy."},
    {"tlsproxy_tls_ask_ccert", "$smtpd_tls_ask_ccert", boolean, "As smtpd_tls_ask_ccert, in tlsproxy."},
    {"tlsproxy_tls_ccert_verifydepth", "$smtpd_tls_ccert_verifydepth", integer, "As smtpd_tls_ccert_verifydepth, in tlsproxy."},
    {"tlsproxy_tls_cert_file", "$smtpd_tls_cert_file", string, "As smtpd_tls_cert_file, in tlsproxy."},
    {"tlsproxy_tls_chain_files", "$smtpd_tls_chain_files", string, "As smtpd_tls_chain_files, in tlsproxy."},
    {"tlsproxy_tls_ciphers", "$smtpd_tls_ciphers", string, "As smtpd_tls_ciphers, in tlsproxy."},
    {"tlsproxy_tls_dcert_file", "$smtpd_tls_dcert_file", string, "As smtpd_tls_dcert_file, in tlsproxy."},
    {"tlsproxy_tls_dh1024_param_file", "$smtpd_tls_dh1024_param_file", string, "As smtpd_tls_dh1024_param_file, in tlsproxy."},
    {"tlsproxy_tls_dh512_param_file", "$smtpd_tls_dh512_param_file", string, "As smtpd_tls_dh512_param_file, in tlsproxy."},
    {"tlsproxy_tls_dkey_file", "$smtpd_tls_dkey_file", string, "As smtpd_tls_dkey_file, in tlsproxy."},
    {"tlsproxy_tls_eccert_file", "$smtpd_tls_eccert_file", string, "As smtpd_tls_eccert_file, in tlsproxy."},
    {"tlsproxy_tls_eckey_file", "$smtpd_tls_eckey_file", string, "As smtpd_tls_eckey_file, in tlsproxy."},
    {"tlsproxy_tls_eecdh_grade", "$smtpd_tls_eecdh_grade", string, "As smtpd_tls_eecdh_grade, in tlsproxy."},
    {"tlsproxy_tls_exclude_ciphers", "$smtpd_tls_exclude_ciphers", string, "As smtpd_tls_exclude_ciphers, in tlsproxy."},
    {"tlsproxy_tls_fingerprint_digest", "$smtpd_tls_fingerprint_digest", string, "As smtpd_tls_fingerprint_digest, in tlsproxy."},
    {"tlsproxy_tls_key_file", "$smtpd_tls_key_file", string, "As smtpd_tls_key_file, in tlsproxy."},
    {"tlsproxy_tls_loglevel", "$smtpd_tls_loglevel", integer, "As smtpd_tls_loglevel, in tlsproxy."},
    {"tlsproxy_tls_mandatory_ciphers", "$smtpd_tls_mandatory_ciphers", string, "As smtpd_tls_mandatory_ciphers, in tlsproxy."},
    {"tlsproxy_tls_mandatory_exclude_ciphers", "$smtpd_tls_mandatory_exclude_ciphers", string, "As smtpd_tls_mandatory_exclude_ciphers, in tlsproxy."},
    {"tlsproxy_tls_mandatory_protocols", "$smtpd_tls_mandatory_protocols", string, "As smtpd_tls_mandatory_protocols, in tlsproxy."},
    {"tlsproxy_tls_protocols", "$smtpd_tls_protocols", string, "As smtpd_tls_protocols, in tlsproxy."},
    {"tlsproxy_tls_req_ccert", "$smtpd_tls_req_ccert", boolean, "As smtpd_tls_req_ccert, in tlsproxy."},
    {"tlsproxy_tls_security_level", "$smtpd_tls_security_level", string, "As smtpd_tls_security_level, in tlsproxy."},
    {"tlsproxy_use_tls", "$smtpd_use_tls", boolean, "As smtpd_use_tls, in tlsproxy."},
    {"tlsproxy_watchdog_timeout", "10s", time, "How long one step may take."},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kTlsRows{kRows};

}  // namespace postern::config
