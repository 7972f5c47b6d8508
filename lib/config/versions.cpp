#include "lib/config/versions.h"

#include <algorithm>

namespace postern::config {

namespace {

// clang-format off
constexpr Replaced kReplaced[] = {
    {"authorized_verp_clients", "2.1", "smtpd_authorized_verp_clients", "3.11"},
    {"disable_dns_lookups", "2.11", "smtp_dns_support_level", "3.9"},
    {"enable_errors_to", "2.2", "", ""},
    {"extract_recipient_limit", "2.1", "", ""},
    {"fallback_relay", "2.3", "smtp_fallback_relay", "3.11"},
    {"lmtp_cache_connection", "2.3", "lmtp_connection_cache_on_demand", ""},
    {"lmtp_cname_overrides_servername", "2.11", "", "3.11"},
    {"lmtp_enforce_tls", "2.3", "lmtp_tls_security_level", "3.9"},
    {"lmtp_per_record_deadline", "3.7", "lmtp_per_request_deadline", "3.11"},
    {"lmtp_tls_enforce_peername", "2.3", "lmtp_tls_security_level", "3.11"},
    {"lmtp_tls_per_site", "2.3", "lmtp_tls_policy_maps", "3.9"},
    {"lmtp_use_tls", "2.3", "lmtp_tls_security_level", "3.9"},
    {"postscreen_blacklist_action", "3.6", "postscreen_denylist_action", "3.11"},
    {"postscreen_dnsbl_ttl", "3.1", "postscreen_dnsbl_max_ttl", "3.11"},
    {"postscreen_dnsbl_whitelist_threshold", "3.6", "postscreen_dnsbl_allowlist_threshold", "3.11"},
    {"postscreen_enforce_tls", "2.8", "postscreen_tls_security_level", "3.9"},
    {"postscreen_use_tls", "2.8", "postscreen_tls_security_level", "3.9"},
    {"postscreen_whitelist_interfaces", "3.6", "postscreen_allowlist_interfaces", "3.11"},
    {"sender_based_routing", "2.3", "sender_dependent_relayhost_maps", ""},
    {"smtp_cname_overrides_servername", "2.11", "", "3.11"},
    {"smtp_enforce_tls", "2.3", "smtp_tls_security_level", "3.9"},
    {"smtp_per_record_deadline", "3.7", "smtp_per_request_deadline", "3.11"},
    {"smtp_skip_4xx_greeting", "2.1", "", ""},
    {"smtp_tls_cipherlist", "2.3", "smtp_tls_mandatory_ciphers", ""},
    {"smtp_tls_enforce_peername", "2.3", "smtp_tls_security_level", "3.11"},
    {"smtp_tls_per_site", "2.3", "smtp_tls_policy_maps", "3.9"},
    {"smtp_use_tls", "2.3", "smtp_tls_security_level", "3.9"},
    {"smtpd_client_connection_limit_exceptions", "2.2", "smtpd_client_event_limit_exceptions", "3.11"},
    {"smtpd_enforce_tls", "2.3", "smtpd_tls_security_level", "3.9"},
    {"smtpd_per_record_deadline", "3.7", "smtpd_per_request_deadline", "3.11"},
    {"smtpd_sasl_application_name", "2.3", "smtpd_sasl_path", ""},
    {"smtpd_tls_cipherlist", "2.3", "smtpd_tls_mandatory_ciphers", ""},
    {"smtpd_tls_dh1024_param_file", "3.9", "", "3.9"},
    {"smtpd_tls_dh512_param_file", "3.6", "", ""},
    {"smtpd_tls_eecdh_grade", "3.6", "", "3.9"},
    {"smtpd_use_tls", "2.3", "smtpd_tls_security_level", "3.9"},
    {"tls_dane_digest_agility", "3.2", "", ""},
    {"tls_dane_trust_anchor_digest_enable", "3.2", "", ""},
    {"tls_legacy_public_key_fingerprints", "3.12", "", ""},
    {"tlsproxy_client_enforce_tls", "3.7", "tlsproxy_client_security_level", "3.9"},
    {"tlsproxy_client_level", "3.7", "tlsproxy_client_security_level", "3.11"},
    {"tlsproxy_client_loglevel_parameter", "3.12", "", "3.12"},
    {"tlsproxy_client_per_site", "3.7", "tlsproxy_client_policy_maps", "3.9"},
    {"tlsproxy_client_policy", "3.7", "tlsproxy_client_policy_maps", "3.11"},
    {"tlsproxy_client_use_tls", "3.7", "tlsproxy_client_security_level", "3.9"},
    {"tlsproxy_enforce_tls", "2.8", "tlsproxy_tls_security_level", "3.9"},
    {"tlsproxy_tls_dh512_param_file", "3.6", "", ""},
    {"tlsproxy_use_tls", "2.8", "tlsproxy_tls_security_level", "3.9"},
    {"virtual_maps", "2.0", "virtual_alias_maps", "3.11"},
};
// clang-format on

constexpr bool by_name(const Replaced& a, const Replaced& b) { return a.name < b.name; }
static_assert(std::is_sorted(std::begin(kReplaced), std::end(kReplaced), by_name));

}  // namespace

const Replaced* replaced(std::string_view name) {
  const auto* found =
      std::lower_bound(std::begin(kReplaced), std::end(kReplaced), name,
                       [](const Replaced& row, std::string_view key) { return row.name < key; });
  return found != std::end(kReplaced) && found->name == name ? found : nullptr;
}

std::span<const Replaced> replaced_names() { return kReplaced; }

}  // namespace postern::config
