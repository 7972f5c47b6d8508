// Parameters of the LMTP client, twins of those of the SMTP client that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"lmtp_cname_overrides_servername", "no", boolean, "As smtp_cname_overrides_servername.", "lmtp"},
    {"lmtp_dns_reply_filter", "", string, "As smtp_dns_reply_filter.", "lmtp"},
    {"lmtp_log_tls_feature_status", "yes", boolean, "As smtp_log_tls_feature_status.", "lmtp"},
    {"lmtp_pix_workaround_delay_time", "10s", time, "As smtp_pix_workaround_delay_time.", "lmtp", {1}},
    {"lmtp_pix_workaround_maps", "", string, "As smtp_pix_workaround_maps.", "lmtp"},
    {"lmtp_pix_workaround_threshold_time", "500s", time, "As smtp_pix_workaround_threshold_time.", "lmtp"},
    {"lmtp_pix_workarounds", "disable_esmtp,delay_dotcrlf", string, "As smtp_pix_workarounds.", "lmtp"},
    {"lmtp_requiretls_policy", "opportunistic", string, "As smtp_requiretls_policy.", "lmtp"},
    {"lmtp_sasl_auth_cache_name", "", string, "As smtp_sasl_auth_cache_name.", "lmtp"},
    {"lmtp_sasl_auth_cache_time", "90d", time, "As smtp_sasl_auth_cache_time.", "lmtp"},
    {"lmtp_sasl_path", "", string, "As smtp_sasl_path.", "lmtp"},
    {"lmtp_sasl_type", "cyrus", string, "As smtp_sasl_type.", "lmtp", {1}},
    {"lmtp_tls_dcert_file", "", string, "As smtp_tls_dcert_file.", "lmtp"},
    {"lmtp_tls_dkey_file", "$lmtp_tls_dcert_file", string, "As smtp_tls_dkey_file.", "lmtp"},
    {"lmtp_tls_enable_rpk", "no", boolean, "As smtp_tls_enable_rpk.", "lmtp"},
    {"lmtp_tls_enforce_sts_mx_patterns", "yes", boolean, "As smtp_tls_enforce_sts_mx_patterns.", "lmtp"},
    {"lmtp_tls_force_insecure_host_tlsa_lookup", "no", boolean, "As smtp_tls_force_insecure_host_tlsa_lookup.", "lmtp"},
    {"lmtp_tls_per_site", "", string, "As smtp_tls_per_site.", "lmtp"},
    {"lmtp_tls_session_cache_database", "", string, "As smtp_tls_session_cache_database.", "tlsmgr"},
    {"lmtp_tls_session_cache_timeout", "3600s", time, "As smtp_tls_session_cache_timeout.", "tlsmgr", {0, 8640000}},
    {"lmtp_tlsrpt_enable", "no", boolean, "As smtp_tlsrpt_enable.", "lmtp"},
    {"lmtp_tlsrpt_skip_reused_handshakes", "no", boolean, "As smtp_tlsrpt_skip_reused_handshakes.", "lmtp"},
    {"lmtp_tlsrpt_socket_name", "", string, "As smtp_tlsrpt_socket_name.", "lmtp"},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kLmtpRows{kRows};

}  // namespace postern::config
