// Parameters of the system as a whole, of its tables and of small services that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"allow_untrusted_routing", "no", boolean, "Forward mail that strangers route with @ % or ! in the local part.", "smtpd"},
    {"anvil_status_update_time", "600s", time, "How often the highest rates are logged.", "anvil", {1}},
    {"application_event_drain_time", "100s", time, "How long to wait for events of an asynchronous helper.", "all", {1}},
    {"berkeley_db_create_buffer_size", "16777216", integer, "Memory for building a Berkeley DB table.", "all", {1}},
    {"berkeley_db_read_buffer_size", "131072", integer, "Memory for reading a Berkeley DB table.", "all", {1}},
    {"best_mx_transport", "", string, "Where mail goes when we are the best mail exchanger but not the destination.", "smtp, lmtp"},
    {"connection_cache_protocol_timeout", "5s", time, "How long to wait for the connection cache.", "smtp, lmtp", {1}},
    {"connection_cache_service_name", "scache", string, "The service that keeps open connections.", "smtp, lmtp", {1}},
    {"connection_cache_status_update_time", "600s", time, "How often the use of the connection cache is logged.", "scache", {1}},
    {"connection_cache_ttl_limit", "2s", time, "How long a connection may be kept.", "scache", {1}},
    {"daemon_table_open_error_is_fatal", "no", boolean, "End a service that cannot open a table.", "all"},
    {"debug_peer_level", "2", integer, "How much more to log about debug_peer_list.", "all", {1}},
    {"debug_peer_list", "", string, "Peers about whom more is logged.", "all"},
    {"default_cache_db_type", "btree", string, "The table type of caches.", "all", {1}},
    {"delay_logging_resolution_limit", "2", integer, "Digits behind the point in logged delays.", "all", {0, 6}},
    {"dns_ncache_ttl_fix_enable", "no", boolean, "Work around resolvers that cache the absence of names wrongly.", "all"},
    {"dnsblog_reply_delay", "0s", time, "How long to hold back DNS list replies, for tests.", "dnsblog"},
    {"dnsblog_service_name", "dnsblog", string, "The service that asks DNS lists.", "postscreen", {1}},
    {"dnssec_probe", "ns:.", string, "The DNS question that tells if answers are validated.", "all"},
    {"enable_idna2003_compatibility", "no", boolean, "Convert domain names as the older standard says.", "all"},
    {"fault_injection_code", "0", integer, "Make a place in the code fail, for tests.", "all"},
    {"fork_attempts", "5", integer, "How often to try to start a process.", "all", {1}},
    {"fork_delay", "1s", time, "Time between these attempts.", "all", {1}},
    {"header_from_format",
     "standard",
     string, "How From: shows a full name: standard or obsolete.", "smtp, lmtp, smtpd, bounce, cleanup", {1}},
    {"helpful_warnings", "yes", boolean, "Log what may be wrong, at some cost.", "all"},
    {"html_directory", "/usr/share/doc/postfix/html", string, "Where the HTML documentation is.", "postfix", {1}},
    {"info_log_address_format", "external", string, "How addresses look in the log: external or internal form.", "all", {1}},
    {"known_tcp_ports",
     "lmtp=24, smtp=25, smtps=submissions=465, submission=587",
     string, "Port numbers of services, so that the system's list need not have them.", "all"},
    {"lmdb_map_size", "16777216", integer, "The first size of an LMDB table.", "all", {1}},
    {"mail_release_date", "20240304", string, "When the version of Postfix that we are compatible with came out.", "all", {1}},
    {"maillog_file_compressor", "gzip", string, "The command that compresses an old log file.", "all", {1}},
    {"maillog_file_prefixes", "/var, /dev/stdout", string, "Where maillog_file may be.", "all", {1}},
    {"maillog_file_rotate_suffix", "%Y%m%d-%H%M%S", string, "The time stamp in the name of an old log file.", "all", {1}},
    {"mailq_path", "/usr/bin/mailq", string, "Where mailq is.", "postfix", {1}},
    {"manpage_directory", "/usr/share/man", string, "Where the manual pages are.", "postfix", {1}},
    {"maps_rbl_domains", "", string, "Obsolete: DNS lists.", "smtpd"},
    {"meta_directory", "/etc/postfix", string, "Where files about the installation are.", "all", {1}},
    {"multi_instance_directories", "", string, "Configuration directories of further instances.", "all"},
    {"multi_instance_enable", "no", boolean, "Start this instance together with the others.", "all"},
    {"multi_instance_group", "", string, "The group of this instance.", "all"},
    {"multi_instance_wrapper", "", string, "The command that manages all instances.", "all"},
    {"newaliases_path", "/usr/bin/newaliases", string, "Where newaliases is.", "postfix", {1}},
    {"non_bdb_custom_mapping", "", string, "Other table types for some of those that need Berkeley DB.", "all"},
    {"non_bdb_migration_allow_root_prefixes",
     "/etc /usr/local/etc",
     string, "Directories whose tables the migration may build as root.", "nbdb_reindexd"},
    {"non_bdb_migration_allow_user_prefixes",
     "$data_directory /var/lib/mailman /var/lib/mailman3",
     string, "Directories whose tables it may build as another user.", "nbdb_reindexd"},
    {"non_bdb_migration_level", "disable", string, "Help to leave Berkeley DB: disable, enable-redirect or enable-reindex.", "all", {1}},
    {"non_bdb_migration_log_redirect", "yes", boolean, "Log each table that is taken from a file of another type.", "all"},
    {"non_bdb_migration_service_name", "nbdb_reindex", string, "The service that builds tables of another type.", "all"},
    {"openssl_path", "openssl", string, "Where the openssl command is.", "smtp, lmtp, smtpd, tlsproxy", {1}},
    {"permit_mx_backup_networks", "", string, "Networks of the main exchangers that we are a backup for.", "smtpd"},
    {"postlog_service_name", "postlog", string, "The service that writes maillog_file.", "all", {1}},
    {"postlogd_watchdog_timeout", "10s", time, "How long one step of the log writer may take.", "postlogd", {10}},
    {"postmulti_control_commands", "reload flush", string, "Commands that are passed to running instances only.", "postmulti"},
    {"postmulti_start_commands", "start", string, "Commands that start instances.", "postmulti"},
    {"postmulti_stop_commands", "stop abort drain quick-stop", string, "Commands that stop instances.", "postmulti"},
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
     string, "Tables that the table server may read.", "proxymap"},
    {"proxy_write_maps",
     "$smtp_sasl_auth_cache_name $lmtp_sasl_auth_cache_name $address_verify_map "
     "$postscreen_cache_map",
     string, "Tables that the table server may write.", "proxymap"},
    {"proxymap_service_name", "proxymap", string, "The service that reads tables for others.", "all", {1}},
    {"proxywrite_service_name", "proxywrite", string, "The service that writes tables for others.", "all", {1}},
    {"qmqpd_authorized_clients", "", string, "Clients that may send by QMQP.", "qmqpd"},
    {"qmqpd_client_port_logging", "no", boolean, "Log the port of QMQP clients.", "qmqpd"},
    {"qmqpd_error_delay", "1s", time, "How long to wait before an error reply by QMQP.", "qmqpd"},
    {"qmqpd_timeout", "300s", time, "How long to wait for a QMQP client.", "qmqpd", {1}},
    {"readme_directory", "/usr/share/doc/postfix", string, "Where the documentation is.", "postfix", {1}},
    {"rewrite_service_name", "rewrite", string, "The service that rewrites and routes addresses.", "all", {1}},
    {"sample_directory", "/etc/postfix", string, "Where sample configuration files were.", "postfix", {1}},
    {"sendmail_path", "/usr/sbin/sendmail", string, "Where sendmail is.", "postfix", {1}},
    {"shlib_directory", "/usr/lib/postfix", string, "Where the shared libraries are.", "all", {1}},
    {"socketmap_max_reply_size", "100000", integer, "Bytes of a reply from a socketmap server.", "all", {1}},
    {"strict_smtputf8", "no", boolean, "Refuse to relay for clients that forget to ask for SMTPUTF8.", "all"},
    {"tcp_windowsize", "0", integer, "The TCP window; 0: what the system chooses.", "all"},
    {"tlsmgr_service_name", "tlsmgr", string, "The service that keeps TLS keys and sessions.", "smtp, lmtp, smtpd, tlsproxy", {1}},
    {"trigger_timeout", "10s", time, "How long to wait for a service to take a trigger.", "all", {1}},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kSystemRows{kRows};

}  // namespace postern::config
