// Parameters of the front door that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"postscreen_access_list", "permit_mynetworks", string, "Clients that are let in or refused without a test.", "postscreen"},
    {"postscreen_allowlist_interfaces",
     "${postscreen_whitelist_interfaces?{$postscreen_whitelist_interfaces}:{static:all}}",
     string, "Own addresses at which clients may earn their way in.", "postscreen"},
    {"postscreen_bare_newline_action", "ignore", string, "What happens to clients that end lines without CR.", "postscreen", {1}},
    {"postscreen_bare_newline_enable", "no", boolean, "Test how clients end their lines.", "postscreen"},
    {"postscreen_bare_newline_ttl", "30d", time, "How long a passed test of line ends counts.", "postscreen", {1}},
    {"postscreen_cache_cleanup_interval", "12h", time, "Time between looks for old results.", "postscreen"},
    {"postscreen_cache_map", "btree:$data_directory/postscreen_cache", string, "Where test results are kept.", "postscreen, proxymap"},
    {"postscreen_cache_retention_time", "7d", time, "How long a result is kept after it expired.", "postscreen", {1}},
    {"postscreen_client_connection_count_limit",
     "$smtpd_client_connection_count_limit",
     integer, "Connections of one client at a time.", "postscreen"},
    {"postscreen_command_count_limit", "20", integer, "Commands of one session.", "postscreen", {1}},
    {"postscreen_command_filter", "", string, "Tables that rewrite commands.", "postscreen"},
    {"postscreen_command_time_limit", "${stress?{10}:{300}}s", time, "How long to wait for a command.", "postscreen", {1}},
    {"postscreen_denylist_action",
     "${postscreen_blacklist_action?{$postscreen_blacklist_action}:{ignore}}",
     string, "What happens to clients that postscreen_access_list refuses.", "postscreen", {1}},
    {"postscreen_disable_vrfy_command", "$disable_vrfy_command", boolean, "Refuse VRFY.", "postscreen"},
    {"postscreen_discard_ehlo_keyword_address_maps",
     "$smtpd_discard_ehlo_keyword_address_maps",
     string, "Tables of EHLO keywords that are not offered, by client.", "postscreen"},
    {"postscreen_discard_ehlo_keywords", "$smtpd_discard_ehlo_keywords", string, "EHLO keywords that are not offered.", "postscreen"},
    {"postscreen_dnsbl_action", "ignore", string, "What happens to clients that DNS lists know.", "postscreen", {1}},
    {"postscreen_dnsbl_allowlist_threshold",
     "${postscreen_dnsbl_whitelist_threshold?{$postscreen_dnsbl_whitelist_threshold}:{0}}",
     integer, "The score at which DNS lists excuse a client from tests; it is negative.", "postscreen", {-2147483648}},
    {"postscreen_dnsbl_max_ttl",
     "${postscreen_dnsbl_ttl?{$postscreen_dnsbl_ttl}:{1}}h",
     time, "The longest time that a DNS list's answer counts.", "postscreen", {1}},
    {"postscreen_dnsbl_min_ttl", "60s", time, "The shortest time that it counts.", "postscreen", {1}},
    {"postscreen_dnsbl_reply_map", "", string, "Tables of the names of DNS lists as clients see them.", "postscreen"},
    {"postscreen_dnsbl_sites", "", string, "DNS lists, with weights.", "postscreen"},
    {"postscreen_dnsbl_threshold", "1", integer, "The score at which a client is refused.", "postscreen", {1}},
    {"postscreen_dnsbl_timeout", "10s", time, "How long to wait for DNS lists.", "postscreen", {1}},
    {"postscreen_enforce_tls", "$smtpd_enforce_tls", boolean, "Obsolete: postscreen_tls_security_level = encrypt.", "postscreen"},
    {"postscreen_expansion_filter", "$smtpd_expansion_filter", raw, "Characters that may stay in $names of replies.", "postscreen", {1}},
    {"postscreen_forbidden_commands", "$smtpd_forbidden_commands", string, "Commands that the test of commands refuses.", "postscreen"},
    {"postscreen_greet_action", "ignore", string, "What happens to clients that speak before the greeting.", "postscreen", {1}},
    {"postscreen_greet_banner", "$smtpd_banner", string, "What such clients are tempted with.", "postscreen"},
    {"postscreen_greet_ttl", "1d", time, "How long a passed greeting test counts.", "postscreen", {1}},
    {"postscreen_greet_wait", "${stress?{2}:{6}}s", time, "How long the greeting is held back.", "postscreen", {1}},
    {"postscreen_helo_required", "$smtpd_helo_required", boolean, "Ask for HELO or EHLO before MAIL.", "postscreen"},
    {"postscreen_non_smtp_command_action", "drop", string, "What happens to clients that do not speak SMTP.", "postscreen", {1}},
    {"postscreen_non_smtp_command_enable", "no", boolean, "Test for commands that are not SMTP.", "postscreen"},
    {"postscreen_non_smtp_command_ttl", "30d", time, "How long a passed test of commands counts.", "postscreen", {1}},
    {"postscreen_pipelining_action", "enforce", string, "What happens to clients that send before it is their turn.", "postscreen", {1}},
    {"postscreen_pipelining_enable", "no", boolean, "Test for commands sent out of turn.", "postscreen"},
    {"postscreen_pipelining_ttl", "30d", time, "How long a passed test of turns counts.", "postscreen", {1}},
    {"postscreen_post_queue_limit", "$default_process_limit", integer, "Clients that may wait for a server.", "postscreen", {5}},
    {"postscreen_pre_queue_limit", "$default_process_limit", integer, "Clients that may be tested at a time.", "postscreen", {10}},
    {"postscreen_reject_footer", "$smtpd_reject_footer", raw, "A text behind every refusal.", "postscreen"},
    {"postscreen_reject_footer_maps", "$smtpd_reject_footer_maps", string, "Tables of such texts by refusal.", "postscreen"},
    {"postscreen_tls_security_level", "$smtpd_tls_security_level", string, "none, may or encrypt.", "postscreen"},
    {"postscreen_upstream_proxy_protocol", "", string, "What a proxy before us sends first: empty, or haproxy.", "postscreen"},
    {"postscreen_upstream_proxy_timeout", "5s", time, "How long to wait for it.", "postscreen", {1}},
    {"postscreen_use_tls", "$smtpd_use_tls", boolean, "Obsolete: postscreen_tls_security_level = may.", "postscreen"},
    {"postscreen_watchdog_timeout", "10s", time, "How long one step may take.", "postscreen", {10}},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kPostscreenRows{kRows};

}  // namespace postern::config
