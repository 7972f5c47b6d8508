// Parameters of the SMTP client that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"allow_srv_lookup_fallback", "no", boolean, "Look for MX records when a domain of use_srv_lookup has no SRV record.", "smtp, lmtp"},
    {"ignore_srv_lookup_error", "no", boolean, "Take a failed look for SRV records as if there were none.", "smtp, lmtp"},
    {"smtp_cname_overrides_servername", "no", boolean, "Obsolete: log in under the canonical name of the server.", "smtp"},
    {"smtp_dns_reply_filter", "", string, "Tables that rewrite DNS answers.", "smtp"},
    {"smtp_log_tls_feature_status", "yes", boolean, "Log what TLS was wanted of a delivery and what it got.", "smtp"},
    {"smtp_pix_workaround_delay_time", "10s", time, "How long to wait before the end of content for a broken firewall.", "smtp", {1}},
    {"smtp_pix_workaround_maps", "", string, "Tables of workarounds by server.", "smtp"},
    {"smtp_pix_workaround_threshold_time", "500s", time, "Age of mail from which the workarounds are used.", "smtp"},
    {"smtp_pix_workarounds", "disable_esmtp,delay_dotcrlf", string, "Workarounds for a broken firewall.", "smtp"},
    {"smtp_requiretls_policy",
     "inline:{{${domain_to_ascii{$mydomain}}=opportunistic}, {.${domain_to_ascii{$mydomain}}=opportunistic}, {localhost=opportunistic}}, "
     "cidr:{{0.0.0.0/0 opportunistic}, {::/0 opportunistic}}, enforce",
     raw, "How strictly REQUIRETLS is kept, by next hop: enforce, opportunistic or opportunistic+starttls.", "smtp"},
    {"smtp_sasl_auth_cache_name", "", string, "A table of logins that failed.", "smtp"},
    {"smtp_sasl_auth_cache_time", "90d", time, "How long a failed login is not tried again.", "smtp"},
    {"smtp_sasl_path", "", string, "Where the SASL client finds its configuration.", "smtp"},
    {"smtp_sasl_type", "cyrus", string, "The kind of SASL client.", "smtp", {1}},
    {"smtp_tls_dcert_file", "", string, "Our DSA client certificate.", "smtp, tlsproxy"},
    {"smtp_tls_dkey_file", "$smtp_tls_dcert_file", string, "The key of our DSA certificate.", "smtp, tlsproxy"},
    {"smtp_tls_enable_rpk", "no", boolean, "Ask for raw public keys in place of certificates.", "smtp"},
    {"smtp_tls_enforce_sts_mx_patterns", "yes", boolean, "Deliver only to hosts that the MX patterns of an MTA-STS policy name.", "smtp"},
    {"smtp_tls_force_insecure_host_tlsa_lookup",
     "no",
     boolean, "Ask for TLSA records even where DNSSEC does not protect the host.", "smtp"},
    {"smtp_tls_per_site", "", string, "Obsolete: smtp_tls_policy_maps.", "smtp, tlsproxy"},
    {"smtp_tls_session_cache_database", "", string, "Where TLS sessions are kept.", "tlsmgr"},
    {"smtp_tls_session_cache_timeout", "3600s", time, "How long a TLS session may be resumed.", "tlsmgr", {0, 8640000}},
    {"smtp_tlsrpt_enable", "no", boolean, "Report how TLS went to a local collector (RFC 8460).", "smtp"},
    {"smtp_tlsrpt_skip_reused_handshakes", "no", boolean, "Leave sessions that continue an older one out of these reports.", "smtp"},
    {"smtp_tlsrpt_socket_name", "", string, "The socket of the collector of these reports.", "smtp"},
    {"use_srv_lookup", "", string, "Kinds of service whose hosts are found by SRV records, such as submission.", "smtp, lmtp"},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kSmtpRows{kRows};

}  // namespace postern::config
