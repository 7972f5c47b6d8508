// Parameters of the system as a whole, of its tables and of small services that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"allow_untrusted_routing", "no", boolean, "Forward mail that strangers route with @ % or ! in the local part."},
    {"anvil_rate_time_unit", "60s", time, "The time that client rates are counted over."},
    {"anvil_status_update_time", "600s", time, "How often the highest rates are logged."},
    {"application_event_drain_time", "100s", time, "How long to wait for events of an asynchronous helper."},
    {"authorized_flush_users", "static:anyone", string, "Users who may flush the queue."},
    {"authorized_mailq_users", "static:anyone", string, "Users who may see the queue."},
    {"authorized_submit_users", "static:anyone", string, "Users who may submit mail with sendmail."},
    {"berkeley_db_create_buffer_size", "16777216", integer, "Memory for building a Berkeley DB table."},
    {"berkeley_db_read_buffer_size", "131072", integer, "Memory for reading a Berkeley DB table."},
    {"best_mx_transport", "", string, "Where mail goes when we are the best mail exchanger but not the destination."},
    {"connection_cache_protocol_timeout", "5s", time, "How long to wait for the connection cache."},
    {"connection_cache_service_name", "scache", string, "The service that keeps open connections."},
    {"connection_cache_status_update_time", "600s", time, "How often the use of the connection cache is logged."},
    {"connection_cache_ttl_limit", "2s", time, "How long a connection may be kept."},
    {"daemon_table_open_error_is_fatal", "no", boolean, "End a service that cannot open a table."},
    {"debug_peer_level", "2", integer, "How much more to log about debug_peer_list."},
    {"debug_peer_list", "", string, "Peers about whom more is logged."},
    {"debugger_command", "", string, "The command that -D in master.cf runs."},
    {"default_database_type", "hash", string, "The table type that postmap and postalias build."},
    {"delay_logging_resolution_limit", "2", integer, "Digits behind the point in logged delays."},
    {"disable_dns_lookups", "no", boolean, "Obsolete: find hosts by address only, never in DNS."},
    {"dns_ncache_ttl_fix_enable", "no", boolean, "Work around resolvers that cache the absence of names wrongly."},
    {"dnsblog_reply_delay", "0s", time, "How long to hold back DNS list replies, for tests."},
    {"dnsblog_service_name", "dnsblog", string, "The service that asks DNS lists."},
    {"dnssec_probe", "ns:.", string, "The DNS question that tells if answers are validated."},
    {"enable_idna2003_compatibility", "no", boolean, "Convert domain names as the older standard says."},
    {"fault_injection_code", "0", integer, "Make a place in the code fail, for tests."},
    {"fork_attempts", "5", integer, "How often to try to start a process."},
    {"fork_delay", "1s", time, "Time between these attempts."},
    {"header_from_format", "standard", string, "How From: shows a full name: standard or obsolete."},
    {"helpful_warnings", "yes", boolean, "Log what may be wrong, at some cost."},
    {"html_directory", "/usr/share/doc/postfix/html", string, "Where the HTML documentation is."},
    {"ignore_mx_lookup_error", "no", boolean, "Use the address of a host when asking for its exchangers failed."},
    {"info_log_address_format", "external", string, "How addresses look in the log: external or internal form."},
    {"known_tcp_ports",
     "lmtp=24, smtp=25, smtps=submissions=465, submission=587",
     string, "Port numbers of services, so that the system's list need not have them."},
    {"lmdb_map_size", "16777216", integer, "The first size of an LMDB table."},
    {"mail_release_date", "20240304", integer, "When the version of Postfix that we are compatible with came out."},
    {"maillog_file_compressor", "gzip", string, "The command that compresses an old log file."},
    {"maillog_file_prefixes", "/var, /dev/stdout", string, "Where maillog_file may be."},
    {"maillog_file_rotate_suffix", "%Y%m%d-%H%M%S", string, "The time stamp in the name of an old log file."},
    {"mailq_path", "/usr/bin/mailq", string, "Where mailq is."},
    {"manpage_directory", "/usr/share/man", string, "Where the manual pages are."},
    {"maps_rbl_domains", "", string, "Obsolete: DNS lists."},
    {"meta_directory", "/etc/postfix", string, "Where files about the installation are."},
    {"multi_instance_directories", "", string, "Configuration directories of further instances."},
    {"multi_instance_enable", "no", boolean, "Start this instance together with the others."},
    {"multi_instance_group", "", string, "The group of this instance."},
    {"multi_instance_wrapper", "", string, "The command that manages all instances."},
    {"newaliases_path", "/usr/bin/newaliases", string, "Where newaliases is."},
    {"openssl_path", "openssl", string, "Where the openssl command is."},
    {"permit_mx_backup_networks", "", string, "Networks of the main exchangers that we are a backup for."},
    {"postlog_service_name", "postlog", string, "The service that writes maillog_file."},
    {"postlogd_watchdog_timeout", "10s", time, "How long one step of the log writer may take."},
    {"postmulti_control_commands", "reload flush", string, "Commands that are passed to running instances only."},
    {"postmulti_start_commands", "start", string, "Commands that start instances."},
    {"postmulti_stop_commands", "stop abort drain quick-stop", string, "Commands that stop instances."},
    {"proxy_interfaces", "", string, "Addresses of ours that a proxy or address translator has."},
    {"proxy_read_maps",
     "$local_recipient_maps $mydestination $virtual_alias_maps $virtual_alias_domains "
     "$virtual_mailbox_maps $virtual_mailbox_domains $relay_recipient_maps $relay_domains "
     "$canonical_maps $sender_canonical_maps $recipient_canonical_maps $relocated_maps "
     "$transport_maps $mynetworks $smtpd_sender_login_maps $sender_bcc_maps "
     "$recipient_bcc_maps $smtp_generic_maps $lmtp_generic_maps $alias_maps "
     "$smtpd_client_restrictions $smtpd_helo_restrictions $smtpd_sender_restrictions "
     "$smtpd_relay_restrictions $smtpd_recipient_restrictions "
     "$address_verify_sender_dependent_default_transport_maps "
     "$address_verify_sender_dependent_relayhost_maps $address_verify_transport_maps "
     "$fallback_transport_maps $lmtp_discard_lhlo_keyword_address_maps "
     "$lmtp_pix_workaround_maps $lmtp_sasl_password_maps $lmtp_tls_policy_maps "
     "$mailbox_command_maps $mailbox_transport_maps "
     "$postscreen_discard_ehlo_keyword_address_maps $rbl_reply_maps "
     "$sender_dependent_default_transport_maps $sender_dependent_relayhost_maps "
     "$smtp_discard_ehlo_keyword_address_maps $smtp_pix_workaround_maps "
     "$smtp_sasl_password_maps $smtp_tls_policy_maps $smtpd_discard_ehlo_keyword_address_maps "
     "$smtpd_milter_maps $virtual_gid_maps $virtual_uid_maps $local_login_sender_maps "
     "$postscreen_reject_footer_maps $smtpd_reject_footer_maps $tls_server_sni_maps "
     "$tlsproxy_client_policy_maps $default_delivery_status_filter "
     "$lmtp_delivery_status_filter $lmtp_dns_reply_filter $lmtp_reply_filter "
     "$local_delivery_status_filter $pipe_delivery_status_filter $postscreen_command_filter "
     "$smtp_delivery_status_filter $smtp_dns_reply_filter $smtp_reply_filter "
     "$smtpd_command_filter $smtpd_dns_reply_filter $virtual_delivery_status_filter "
     "$body_checks $header_checks $lmtp_body_checks $lmtp_header_checks "
     "$lmtp_mime_header_checks $lmtp_nested_header_checks $milter_header_checks "
     "$mime_header_checks $nested_header_checks $smtp_body_checks $smtp_header_checks "
     "$smtp_mime_header_checks $smtp_nested_header_checks",
     string, "Tables that the table server may read."},
    {"proxy_write_maps",
     "$smtp_sasl_auth_cache_name $lmtp_sasl_auth_cache_name $address_verify_map "
     "$postscreen_cache_map",
     string, "Tables that the table server may write."},
    {"proxymap_service_name", "proxymap", string, "The service that reads tables for others."},
    {"proxywrite_service_name", "proxywrite", string, "The service that writes tables for others."},
    {"qmqpd_authorized_clients", "", string, "Clients that may send by QMQP."},
    {"qmqpd_client_port_logging", "no", boolean, "Log the port of QMQP clients."},
    {"qmqpd_error_delay", "1s", time, "How long to wait before an error reply by QMQP."},
    {"qmqpd_timeout", "300s", time, "How long to wait for a QMQP client."},
    {"readme_directory", "/usr/share/doc/postfix", string, "Where the documentation is."},
    {"relocated_maps", "", string, "Tables of addresses that have moved."},
    {"resolve_numeric_domain", "no", boolean, "Take user@192.0.2.1 for user@[192.0.2.1]."},
    {"respectful_logging", "${{$compatibility_level} <level {3.6} ? {no} : {yes}}", boolean, "Write allowlist and denylist in the log."},
    {"rewrite_service_name", "rewrite", string, "The service that rewrites and routes addresses."},
    {"sample_directory", "/etc/postfix", string, "Where sample configuration files were."},
    {"sendmail_fix_line_endings", "always", string, "When sendmail takes CR LF for a line end."},
    {"sendmail_path", "/usr/sbin/sendmail", string, "Where sendmail is."},
    {"shlib_directory", "/usr/lib/postfix", string, "Where the shared libraries are."},
    {"strict_smtputf8", "no", boolean, "Refuse to relay for clients that forget to ask for SMTPUTF8."},
    {"tcp_windowsize", "0", integer, "The TCP window; 0: what the system chooses."},
    {"tlsmgr_service_name", "tlsmgr", string, "The service that keeps TLS keys and sessions."},
    {"trigger_timeout", "10s", time, "How long to wait for a service to take a trigger."},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kSystemRows{kRows};

}  // namespace postern::config
