// Parameters of the SMTP server that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"access_map_defer_code", "450", integer, "For DEFER in a table.", "smtpd"},
    {"broken_sasl_auth_clients", "no", boolean, "Offer AUTH also in the form that old clients want.", "smtpd"},
    {"cyrus_sasl_config_path", "", string, "Where the Cyrus SASL library finds its configuration.", "smtp, lmtp, smtpd"},
    {"default_rbl_reply",
     "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using "
     "$rbl_domain${rbl_reason?; $rbl_reason}",
     raw, "The reply to clients that a DNS list knows.", "smtpd", {1}},
    {"plaintext_reject_code", "450", integer, "For reject_plaintext_session.", "smtpd"},
    {"rbl_reply_maps", "", string, "Tables of replies by DNS list.", "smtpd"},
    {"reject_tempfail_action", "defer_if_permit", string, "What reject_ restrictions do when they cannot find out.", "smtpd", {1}},
    {"relay_clientcerts", "", string, "Tables of client certificates that may relay.", "smtpd"},
    {"send_cyrus_sasl_authzid", "no", boolean, "Send the authorization name as well as the login name.", "all"},
    {"smtpd_authorized_verp_clients", "$authorized_verp_clients", string, "Clients that may ask for variable return paths.", "smtpd"},
    {"smtpd_client_auth_rate_limit", "0", integer, "AUTH commands of one client in anvil_rate_time_unit; 0: no limit.", "smtpd"},
    {"smtpd_client_ipv4_prefix_length",
     "32",
     integer, "Bits of an IPv4 address that make two clients one for the limits on clients.", "smtpd", {0, 32}},
    {"smtpd_client_ipv6_prefix_length", "84", integer, "The same for IPv6.", "smtpd", {0, 128}},
    {"smtpd_client_port_logging", "no", boolean, "Log the port of clients.", "smtpd"},
    {"smtpd_delay_open_until_valid_rcpt", "yes", boolean, "Start a message only at the first recipient that is accepted.", "smtpd"},
    {"smtpd_discard_ehlo_keyword_address_maps",
     "",
     string, "Tables of EHLO keywords that are not offered, by client.", "smtpd, postscreen"},
    {"smtpd_dns_reply_filter", "", string, "Tables that rewrite DNS answers.", "smtpd"},
    {"smtpd_hide_client_session", "no", boolean, "Keep who the client is out of Received:, for mail that our own users submit.", "smtpd"},
    {"smtpd_history_flush_threshold", "100", integer, "Lines of a session that are kept for notices to the postmaster.", "smtpd", {1}},
    {"smtpd_log_access_permit_actions", "", string, "Restrictions whose permission is logged.", "smtpd"},
    {"smtpd_milter_maps", "", string, "Tables of mail filters by client.", "smtpd"},
    {"smtpd_null_access_lookup_key", "<>", string, "What the null sender is called in access tables.", "smtpd"},
    {"smtpd_policy_service_default_action",
     "451 4.3.5 Server configuration problem",
     string, "What to do when a policy service does not answer.", "smtpd", {1}},
    {"smtpd_policy_service_max_idle", "300s", time, "How long an unused connection to a policy service stays open.", "smtpd", {1}},
    {"smtpd_policy_service_max_ttl", "1000s", time, "How long a connection to a policy service is used.", "smtpd", {1}},
    {"smtpd_policy_service_policy_context", "", string, "A text that tells the policy service who asks.", "smtpd"},
    {"smtpd_policy_service_request_limit", "0", integer, "Questions over one connection; 0: no limit.", "smtpd"},
    {"smtpd_policy_service_retry_delay", "1s", time, "Time between attempts to ask.", "smtpd", {1}},
    {"smtpd_policy_service_timeout", "100s", time, "How long to wait for a policy service.", "smtpd", {1}},
    {"smtpd_policy_service_try_limit", "2", integer, "How often to ask before giving up.", "smtpd", {1}},
    {"smtpd_proxy_ehlo", "$myhostname", string, "The name that the filter before the queue is greeted with.", "smtpd"},
    {"smtpd_proxy_options", "", string, "How to talk to the filter before the queue.", "smtpd"},
    {"smtpd_proxy_timeout", "100s", time, "How long to wait for the filter before the queue.", "smtpd", {1}},
    {"smtpd_reject_filter_maps", "", string, "Tables that put other words in place of a refusal.", "smtpd"},
    {"smtpd_reject_footer_maps", "", string, "Tables of such texts by refusal.", "smtpd"},
    {"smtpd_relay_before_recipient_restrictions",
     "${{$compatibility_level} <level {3.6} ? {no} : {yes}}",
     boolean, "Ask smtpd_relay_restrictions before smtpd_recipient_restrictions.", "smtpd"},
    {"smtpd_sasl_auth_enable", "no", boolean, "Offer AUTH.", "smtpd"},
    {"smtpd_sasl_authenticated_header", "no", boolean, "Show the login name in Received:.", "smtpd"},
    {"smtpd_sasl_exceptions_networks", "", string, "Clients that AUTH is not offered to.", "smtpd"},
    {"smtpd_sasl_local_domain", "", string, "The realm of login names.", "smtpd"},
    {"smtpd_sasl_mechanism_filter", "!external, static:rest", string, "Mechanisms that AUTH offers.", "smtpd"},
    {"smtpd_sasl_path", "smtpd", string, "Where the SASL server is.", "smtpd", {1}},
    {"smtpd_sasl_response_limit", "12288", integer, "Bytes of one AUTH response.", "smtpd", {12288}},
    {"smtpd_sasl_security_options", "noanonymous", string, "What mechanisms must not allow without TLS.", "smtpd"},
    {"smtpd_sasl_service", "smtp", string, "The service name that the SASL server gets.", "smtpd", {1}},
    {"smtpd_sasl_tls_security_options", "$smtpd_sasl_security_options", string, "What mechanisms must not allow with TLS.", "smtpd"},
    {"smtpd_sasl_type", "cyrus", string, "The kind of SASL server.", "smtpd", {1}},
    {"smtpd_sender_login_maps", "", string, "Tables of the logins that own a sender address.", "smtpd, proxymap"},
    {"smtpd_tls_always_issue_session_ids", "yes", boolean, "Give session ids also to clients that cannot use them.", "smtpd, tlsproxy"},
    {"smtpd_tls_auth_only", "no", boolean, "Offer AUTH only with TLS.", "smtpd"},
    {"smtpd_tls_dh512_param_file", "", string, "Obsolete: weak Diffie-Hellman parameters.", "smtpd, tlsproxy"},
    {"smtpd_tls_eecdh_grade", "auto", string, "Which elliptic curves are used.", "smtpd, tlsproxy", {1}},
    {"smtpd_tls_enable_rpk", "no", boolean, "Take raw public keys from clients in place of certificates.", "smtpd, tlsproxy"},
    {"smtpd_tls_session_cache_database", "", string, "Where TLS sessions are kept.", "tlsmgr"},
    {"smtpd_upstream_proxy_timeout", "5s", time, "How long to wait for what a proxy sends first.", "smtpd", {1}},
    {"unknown_address_tempfail_action", "$reject_tempfail_action", string, "What to do when a domain cannot be looked up.", "smtpd", {1}},
    {"unknown_helo_hostname_tempfail_action",
     "$reject_tempfail_action",
     string, "What to do when a HELO name cannot be looked up.", "smtpd", {1}},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kSmtpdRows{kRows};

}  // namespace postern::config
