// The names that each version of Postfix brought; see versions.h.
#include "lib/config/versions.h"

#include <algorithm>

namespace postern::config {

namespace {
using Name = std::string_view;

// clang-format off
constexpr Name kOurs[] = {
    "daemon_jail", "dns_servers", "process_session_limit", "queue_inline_limit", "service_start_limit",
    "smtpd_first_command_time_limit", "smtpd_load_limits", "smtpd_session_time_limit"};

constexpr Name k1_1[] = {
    "authorized_verp_clients", "default_verp_delimiters", "disable_verp_bounces", "verp_delimiter_filter"};

constexpr Name k2_0[] = {
    "berkeley_db_create_buffer_size", "berkeley_db_read_buffer_size", "body_checks_size_limit",
    "bounce_service_name", "cleanup_service_name", "default_rbl_reply", "defer_service_name",
    "disable_mime_input_processing", "disable_mime_output_conversion", "error_service_name", "flush_service_name",
    "helpful_warnings", "mime_boundary_length_limit", "mime_header_checks", "mime_nesting_limit",
    "nested_header_checks", "pickup_service_name", "proxy_interfaces", "proxy_read_maps", "qmgr_clog_warn_time",
    "queue_file_attribute_count_limit", "queue_service_name", "rbl_reply_maps", "relay_recipient_maps",
    "relay_transport", "rewrite_service_name", "show_user_unknown_table_name", "showq_service_name",
    "smtp_helo_name", "smtp_skip_4xx_greeting", "smtpd_data_restrictions", "smtpd_expansion_filter",
    "strict_7bit_headers", "strict_8bitmime", "strict_8bitmime_body", "strict_mime_encoding_domain",
    "unknown_local_recipient_reject_code", "unknown_relay_recipient_reject_code",
    "unknown_virtual_alias_reject_code", "unknown_virtual_mailbox_reject_code", "virtual_alias_domains",
    "virtual_alias_maps", "virtual_mailbox_domains", "virtual_transport"};

constexpr Name k2_1[] = {
    "address_verify_default_transport", "address_verify_local_transport", "address_verify_map",
    "address_verify_negative_cache", "address_verify_negative_expire_time", "address_verify_negative_refresh_time",
    "address_verify_poll_count", "address_verify_poll_delay", "address_verify_positive_expire_time",
    "address_verify_positive_refresh_time", "address_verify_relay_transport", "address_verify_relayhost",
    "address_verify_sender", "address_verify_transport_maps", "address_verify_virtual_transport",
    "application_event_drain_time", "backwards_bounce_logfile_compatibility", "bounce_queue_lifetime",
    "enable_original_recipient", "ipc_ttl", "lmtp_send_xforward_command", "lmtp_xforward_timeout",
    "multi_recipient_bounce_reject_code", "receive_override_options", "recipient_bcc_maps", "resolve_null_domain",
    "sender_bcc_maps", "smtp_defer_if_no_mx_address_found", "smtp_host_lookup", "smtp_mx_address_limit",
    "smtp_mx_session_limit", "smtp_quote_rfc821_envelope", "smtp_rset_timeout", "smtp_send_xforward_command",
    "smtp_xforward_timeout", "smtpd_authorized_verp_clients", "smtpd_authorized_xclient_hosts",
    "smtpd_authorized_xforward_hosts", "smtpd_policy_service_max_idle", "smtpd_policy_service_max_ttl",
    "smtpd_policy_service_timeout", "smtpd_proxy_ehlo", "smtpd_proxy_filter", "smtpd_proxy_timeout",
    "smtpd_reject_unlisted_recipient", "smtpd_reject_unlisted_sender", "smtpd_sasl_application_name",
    "smtpd_sasl_exceptions_networks", "trace_service_name", "unverified_recipient_reject_code",
    "unverified_sender_reject_code", "virtual_alias_expansion_limit", "virtual_alias_recursion_limit"};

constexpr Name k2_2[] = {
    "anvil_rate_time_unit", "anvil_status_update_time", "authorized_flush_users", "authorized_mailq_users",
    "authorized_submit_users", "canonical_classes", "command_execution_directory", "connection_cache_service_name",
    "execution_directory_expansion_filter", "inet_protocols", "recipient_canonical_classes", "relay_clientcerts",
    "sender_canonical_classes", "smtp_bind_address6", "smtp_connection_cache_destinations",
    "smtp_connection_cache_on_demand", "smtp_connection_cache_time_limit", "smtp_discard_ehlo_keyword_address_maps",
    "smtp_discard_ehlo_keywords", "smtp_enforce_tls", "smtp_generic_maps", "smtp_sasl_mechanism_filter",
    "smtp_sasl_tls_security_options", "smtp_starttls_timeout", "smtp_tls_CAfile", "smtp_tls_CApath",
    "smtp_tls_cert_file", "smtp_tls_cipherlist", "smtp_tls_dcert_file", "smtp_tls_dkey_file",
    "smtp_tls_enforce_peername", "smtp_tls_key_file", "smtp_tls_loglevel", "smtp_tls_note_starttls_offer",
    "smtp_tls_per_site", "smtp_tls_scert_verifydepth", "smtp_tls_session_cache_database",
    "smtp_tls_session_cache_timeout", "smtp_use_tls", "smtpd_client_connection_count_limit",
    "smtpd_client_connection_rate_limit", "smtpd_client_event_limit_exceptions", "smtpd_client_message_rate_limit",
    "smtpd_client_recipient_rate_limit", "smtpd_discard_ehlo_keyword_address_maps", "smtpd_discard_ehlo_keywords",
    "smtpd_end_of_data_restrictions", "smtpd_enforce_tls", "smtpd_forbidden_commands",
    "smtpd_sasl_tls_security_options", "smtpd_starttls_timeout", "smtpd_tls_CAfile", "smtpd_tls_CApath",
    "smtpd_tls_ask_ccert", "smtpd_tls_auth_only", "smtpd_tls_ccert_verifydepth", "smtpd_tls_cert_file",
    "smtpd_tls_cipherlist", "smtpd_tls_dcert_file", "smtpd_tls_dh1024_param_file", "smtpd_tls_dh512_param_file",
    "smtpd_tls_dkey_file", "smtpd_tls_loglevel", "smtpd_tls_received_header", "smtpd_tls_req_ccert",
    "smtpd_tls_session_cache_database", "smtpd_tls_session_cache_timeout", "smtpd_tls_wrappermode", "smtpd_use_tls",
    "tls_daemon_random_bytes", "tls_random_bytes", "tls_random_exchange_name", "tls_random_prng_update_period",
    "tls_random_reseed_period", "tls_random_source"};

constexpr Name k2_3[] = {
    "address_verify_sender_dependent_relayhost_maps", "bounce_template_file", "connection_cache_protocol_timeout",
    "delay_logging_resolution_limit", "fallback_transport_maps", "frozen_delivered_to",
    "internal_mail_filter_classes", "lmtp_bind_address", "lmtp_bind_address6", "lmtp_cname_overrides_servername",
    "lmtp_connection_cache_destinations", "lmtp_connection_cache_on_demand", "lmtp_connection_cache_time_limit",
    "lmtp_connection_reuse_time_limit", "lmtp_defer_if_no_mx_address_found",
    "lmtp_discard_lhlo_keyword_address_maps", "lmtp_discard_lhlo_keywords", "lmtp_enforce_tls", "lmtp_generic_maps",
    "lmtp_host_lookup", "lmtp_lhlo_name", "lmtp_line_length_limit", "lmtp_mx_address_limit",
    "lmtp_mx_session_limit", "lmtp_pix_workaround_delay_time", "lmtp_pix_workaround_threshold_time",
    "lmtp_quote_rfc821_envelope", "lmtp_randomize_addresses", "lmtp_sasl_mechanism_filter", "lmtp_sasl_path",
    "lmtp_sasl_tls_security_options", "lmtp_sasl_tls_verified_security_options", "lmtp_sasl_type",
    "lmtp_sender_dependent_authentication", "lmtp_skip_5xx_greeting", "lmtp_starttls_timeout", "lmtp_tls_CAfile",
    "lmtp_tls_CApath", "lmtp_tls_cert_file", "lmtp_tls_dcert_file", "lmtp_tls_dkey_file",
    "lmtp_tls_enforce_peername", "lmtp_tls_exclude_ciphers", "lmtp_tls_key_file", "lmtp_tls_loglevel",
    "lmtp_tls_mandatory_ciphers", "lmtp_tls_mandatory_exclude_ciphers", "lmtp_tls_mandatory_protocols",
    "lmtp_tls_note_starttls_offer", "lmtp_tls_per_site", "lmtp_tls_policy_maps", "lmtp_tls_scert_verifydepth",
    "lmtp_tls_secure_cert_match", "lmtp_tls_security_level", "lmtp_tls_session_cache_database",
    "lmtp_tls_session_cache_timeout", "lmtp_tls_verify_cert_match", "lmtp_use_tls", "mailbox_transport_maps",
    "message_reject_characters", "message_strip_characters", "milter_command_timeout", "milter_connect_macros",
    "milter_connect_timeout", "milter_content_timeout", "milter_data_macros", "milter_default_action",
    "milter_end_of_data_macros", "milter_helo_macros", "milter_macro_daemon_name", "milter_macro_v",
    "milter_mail_macros", "milter_protocol", "milter_rcpt_macros", "milter_unknown_command_macros",
    "non_smtpd_milters", "plaintext_reject_code", "resolve_numeric_domain", "sender_dependent_relayhost_maps",
    "smtp_cname_overrides_servername", "smtp_connection_reuse_time_limit", "smtp_fallback_relay", "smtp_sasl_path",
    "smtp_sasl_type", "smtp_sender_dependent_authentication", "smtp_tls_exclude_ciphers",
    "smtp_tls_mandatory_ciphers", "smtp_tls_mandatory_exclude_ciphers", "smtp_tls_mandatory_protocols",
    "smtp_tls_policy_maps", "smtp_tls_secure_cert_match", "smtp_tls_security_level", "smtp_tls_verify_cert_match",
    "smtpd_client_new_tls_session_rate_limit", "smtpd_delay_open_until_valid_rcpt", "smtpd_milters",
    "smtpd_peername_lookup", "smtpd_sasl_authenticated_header", "smtpd_sasl_path", "smtpd_sasl_type",
    "smtpd_tls_always_issue_session_ids", "smtpd_tls_exclude_ciphers", "smtpd_tls_mandatory_ciphers",
    "smtpd_tls_mandatory_exclude_ciphers", "smtpd_tls_mandatory_protocols", "smtpd_tls_security_level",
    "tls_export_cipherlist", "tls_high_cipherlist", "tls_low_cipherlist", "tls_medium_cipherlist",
    "tls_null_cipherlist"};

constexpr Name k2_4[] = {
    "default_recipient_refill_delay", "default_recipient_refill_limit", "lmtp_pix_workaround_maps",
    "lmtp_pix_workarounds", "smtp_pix_workaround_maps", "smtp_pix_workarounds"};

constexpr Name k2_5[] = {
    "cyrus_sasl_config_path", "data_directory", "default_destination_concurrency_failed_cohort_limit",
    "default_destination_concurrency_negative_feedback", "default_destination_concurrency_positive_feedback",
    "default_destination_rate_delay", "destination_concurrency_feedback_debug", "detect_8bit_encoding_header",
    "empty_address_relayhost_maps_lookup_key", "lmtp_body_checks", "lmtp_header_checks", "lmtp_mime_header_checks",
    "lmtp_nested_header_checks", "lmtp_sasl_auth_cache_name", "lmtp_sasl_auth_cache_time",
    "lmtp_sasl_auth_soft_bounce", "lmtp_tls_fingerprint_cert_match", "lmtp_tls_fingerprint_digest",
    "milter_end_of_header_macros", "proxy_write_maps", "qmqpd_client_port_logging", "send_cyrus_sasl_authzid",
    "smtp_body_checks", "smtp_header_checks", "smtp_mime_header_checks", "smtp_nested_header_checks",
    "smtp_sasl_auth_cache_name", "smtp_sasl_auth_cache_time", "smtp_sasl_auth_soft_bounce",
    "smtp_tls_fingerprint_cert_match", "smtp_tls_fingerprint_digest", "smtpd_client_port_logging",
    "smtpd_tls_fingerprint_digest", "stress"};

constexpr Name k2_6[] = {
    "access_map_defer_code", "always_add_missing_headers", "lmtp_tls_ciphers", "lmtp_tls_eccert_file",
    "lmtp_tls_eckey_file", "lmtp_tls_protocols", "master_service_disable", "multi_instance_directories",
    "multi_instance_enable", "multi_instance_group", "multi_instance_name", "multi_instance_wrapper",
    "postmulti_control_commands", "postmulti_start_commands", "postmulti_stop_commands", "proxymap_service_name",
    "proxywrite_service_name", "reject_tempfail_action", "smtp_sasl_tls_verified_security_options",
    "smtp_tls_ciphers", "smtp_tls_eccert_file", "smtp_tls_eckey_file", "smtp_tls_protocols", "smtpd_tls_ciphers",
    "smtpd_tls_eccert_file", "smtpd_tls_eckey_file", "smtpd_tls_eecdh_grade", "smtpd_tls_protocols",
    "strict_mailbox_ownership", "tcp_windowsize", "tls_eecdh_strong_curve", "tls_eecdh_ultra_curve",
    "unknown_address_tempfail_action", "unknown_helo_hostname_tempfail_action", "unverified_recipient_defer_code",
    "unverified_recipient_reject_reason", "unverified_recipient_tempfail_action", "unverified_sender_defer_code",
    "unverified_sender_reject_reason", "unverified_sender_tempfail_action"};

constexpr Name k2_7[] = {
    "address_verify_cache_cleanup_interval", "address_verify_sender_dependent_default_transport_maps",
    "default_filter_nexthop", "empty_address_default_transport_maps_lookup_key", "lmtp_reply_filter",
    "lmtp_tls_block_early_mail_reply", "milter_header_checks", "sender_dependent_default_transport_maps",
    "smtp_reply_filter", "smtp_tls_block_early_mail_reply", "smtpd_command_filter", "smtpd_proxy_options"};

constexpr Name k2_8[] = {
    "dnsblog_reply_delay", "dnsblog_service_name", "lmtp_address_preference", "lmtp_dns_resolver_options",
    "postscreen_access_list", "postscreen_bare_newline_action", "postscreen_bare_newline_enable",
    "postscreen_bare_newline_ttl", "postscreen_blacklist_action", "postscreen_cache_cleanup_interval",
    "postscreen_cache_map", "postscreen_cache_retention_time", "postscreen_client_connection_count_limit",
    "postscreen_command_count_limit", "postscreen_command_filter", "postscreen_command_time_limit",
    "postscreen_disable_vrfy_command", "postscreen_discard_ehlo_keyword_address_maps",
    "postscreen_discard_ehlo_keywords", "postscreen_dnsbl_action", "postscreen_dnsbl_reply_map",
    "postscreen_dnsbl_sites", "postscreen_dnsbl_threshold", "postscreen_dnsbl_ttl", "postscreen_enforce_tls",
    "postscreen_expansion_filter", "postscreen_forbidden_commands", "postscreen_greet_action",
    "postscreen_greet_banner", "postscreen_greet_ttl", "postscreen_greet_wait", "postscreen_helo_required",
    "postscreen_non_smtp_command_action", "postscreen_non_smtp_command_enable", "postscreen_non_smtp_command_ttl",
    "postscreen_pipelining_action", "postscreen_pipelining_enable", "postscreen_pipelining_ttl",
    "postscreen_post_queue_limit", "postscreen_pre_queue_limit", "postscreen_reject_footer",
    "postscreen_tls_security_level", "postscreen_use_tls", "postscreen_watchdog_timeout", "qmgr_daemon_timeout",
    "qmgr_ipc_timeout", "reset_owner_alias", "smtp_address_preference", "smtp_dns_resolver_options",
    "smtpd_reject_footer", "smtpd_service_name", "tls_append_default_CA", "tls_disable_workarounds",
    "tls_preempt_cipherlist", "tlsproxy_enforce_tls", "tlsproxy_service_name", "tlsproxy_tls_CAfile",
    "tlsproxy_tls_CApath", "tlsproxy_tls_always_issue_session_ids", "tlsproxy_tls_ask_ccert",
    "tlsproxy_tls_ccert_verifydepth", "tlsproxy_tls_cert_file", "tlsproxy_tls_ciphers", "tlsproxy_tls_dcert_file",
    "tlsproxy_tls_dh1024_param_file", "tlsproxy_tls_dh512_param_file", "tlsproxy_tls_dkey_file",
    "tlsproxy_tls_eccert_file", "tlsproxy_tls_eckey_file", "tlsproxy_tls_eecdh_grade",
    "tlsproxy_tls_exclude_ciphers", "tlsproxy_tls_fingerprint_digest", "tlsproxy_tls_key_file",
    "tlsproxy_tls_loglevel", "tlsproxy_tls_mandatory_ciphers", "tlsproxy_tls_mandatory_exclude_ciphers",
    "tlsproxy_tls_mandatory_protocols", "tlsproxy_tls_protocols", "tlsproxy_tls_req_ccert",
    "tlsproxy_tls_security_level", "tlsproxy_use_tls", "tlsproxy_watchdog_timeout"};

constexpr Name k2_9[] = {
    "address_verify_sender_ttl", "daemon_table_open_error_is_fatal", "enable_long_queue_ids",
    "lmtp_per_record_deadline", "lmtp_send_dummy_mail_auth", "postscreen_whitelist_interfaces",
    "sendmail_fix_line_endings", "smtp_per_record_deadline", "smtp_send_dummy_mail_auth",
    "smtpd_per_record_deadline"};

constexpr Name k2_10[] = {
    "postscreen_upstream_proxy_protocol", "postscreen_upstream_proxy_timeout", "smtpd_log_access_permit_actions",
    "smtpd_relay_restrictions", "smtpd_upstream_proxy_protocol", "smtpd_upstream_proxy_timeout",
    "tls_legacy_public_key_fingerprints"};

constexpr Name k2_11[] = {
    "lmdb_map_size", "lmtp_connection_reuse_count_limit", "lmtp_dns_support_level",
    "lmtp_tls_force_insecure_host_tlsa_lookup", "lmtp_tls_trust_anchor_file",
    "postscreen_dnsbl_whitelist_threshold", "smtp_connection_reuse_count_limit", "smtp_dns_support_level",
    "smtp_tls_force_insecure_host_tlsa_lookup", "smtp_tls_trust_anchor_file", "smtpd_sasl_service",
    "tls_dane_digest_agility", "tls_dane_digests", "tls_dane_trust_anchor_digest_enable", "tls_ssl_options",
    "tls_wildcard_matches_multiple_labels", "tlsmgr_service_name"};

constexpr Name k3_0[] = {
    "compatibility_level", "confirm_delay_cleared", "default_delivery_status_filter", "lmtp_address_verify_target",
    "lmtp_delivery_status_filter", "lmtp_dns_reply_filter", "lmtp_tls_wrappermode", "local_delivery_status_filter",
    "message_drop_headers", "meta_directory", "pipe_delivery_status_filter", "postscreen_dnsbl_timeout",
    "shlib_directory", "smtp_address_verify_target", "smtp_dns_reply_filter", "smtp_tls_wrappermode",
    "smtpd_dns_reply_filter", "smtpd_policy_service_default_action", "smtpd_policy_service_request_limit",
    "smtpd_policy_service_retry_delay", "smtpd_policy_service_try_limit", "smtputf8_autodetect_classes",
    "smtputf8_enable", "strict_smtputf8", "tls_session_ticket_cipher", "virtual_alias_address_length_limit",
    "virtual_delivery_status_filter"};

constexpr Name k3_1[] = {
    "address_verify_pending_request_limit", "default_transport_rate_delay", "dns_ncache_ttl_fix_enable",
    "lmtp_fallback_relay", "milter_macro_defaults", "openssl_path", "postscreen_dnsbl_max_ttl",
    "postscreen_dnsbl_min_ttl", "smtp_tls_dane_insecure_mx_policy", "smtpd_client_auth_rate_limit",
    "smtpd_policy_service_policy_context"};

constexpr Name k3_2[] = {
    "enable_idna2003_compatibility", "smtpd_milter_maps", "tls_eecdh_auto_curves"};

constexpr Name k3_3[] = {
    "header_from_format", "lmtp_balance_inet_protocols", "smtp_balance_inet_protocols"};

constexpr Name k3_4[] = {
    "lmtp_tls_chain_files", "lmtp_tls_connection_reuse", "lmtp_tls_servername", "maillog_file",
    "maillog_file_compressor", "maillog_file_prefixes", "maillog_file_rotate_suffix", "postlog_service_name",
    "postlogd_watchdog_timeout", "postscreen_reject_footer_maps", "smtp_tls_chain_files",
    "smtp_tls_connection_reuse", "smtp_tls_servername", "smtpd_reject_footer_maps", "smtpd_sasl_response_limit",
    "smtpd_tls_chain_files", "tls_server_sni_maps", "tlsproxy_client_CAfile", "tlsproxy_client_CApath",
    "tlsproxy_client_cert_file", "tlsproxy_client_chain_files", "tlsproxy_client_dcert_file",
    "tlsproxy_client_dkey_file", "tlsproxy_client_eccert_file", "tlsproxy_client_eckey_file",
    "tlsproxy_client_enforce_tls", "tlsproxy_client_fingerprint_digest", "tlsproxy_client_key_file",
    "tlsproxy_client_level", "tlsproxy_client_loglevel", "tlsproxy_client_loglevel_parameter",
    "tlsproxy_client_per_site", "tlsproxy_client_policy", "tlsproxy_client_scert_verifydepth",
    "tlsproxy_client_use_tls", "tlsproxy_tls_chain_files"};

constexpr Name k3_5[] = {
    "info_log_address_format"};

constexpr Name k3_6[] = {
    "dnssec_probe", "empty_address_local_login_sender_maps_lookup_key", "enable_threaded_bounces",
    "known_tcp_ports", "local_login_sender_maps", "postscreen_allowlist_interfaces", "postscreen_denylist_action",
    "postscreen_dnsbl_allowlist_threshold", "respectful_logging", "smtpd_relay_before_recipient_restrictions",
    "smtpd_sasl_mechanism_filter"};

constexpr Name k3_7[] = {
    "lmtp_bind_address_enforce", "lmtp_min_data_rate", "lmtp_per_request_deadline", "smtp_bind_address_enforce",
    "smtp_min_data_rate", "smtp_per_request_deadline", "smtpd_min_data_rate", "smtpd_per_request_deadline",
    "tlsproxy_client_policy_maps", "tlsproxy_client_security_level"};

constexpr Name k3_8[] = {
    "allow_srv_lookup_fallback", "ignore_srv_lookup_error", "smtpd_client_ipv4_prefix_length",
    "smtpd_client_ipv6_prefix_length", "tls_ffdhe_auto_groups", "use_srv_lookup"};

constexpr Name k3_9[] = {
    "cleanup_replace_stray_cr_lf", "force_mime_input_conversion", "lmtp_sasl_password_result_delimiter",
    "lmtp_tls_enable_rpk", "smtp_sasl_password_result_delimiter", "smtp_tls_enable_rpk",
    "smtpd_forbid_bare_newline", "smtpd_forbid_bare_newline_exclusions", "smtpd_forbid_bare_newline_reject_code",
    "smtpd_forbid_unauth_pipelining", "smtpd_tls_enable_rpk", "tls_config_file", "tls_config_name",
    "tlsproxy_tls_enable_rpk"};

constexpr Name k3_10[] = {
    "full_name_encoding_charset", "lmtp_tlsrpt_enable", "lmtp_tlsrpt_skip_reused_handshakes",
    "lmtp_tlsrpt_socket_name", "maillog_file_permissions", "smtp_tlsrpt_enable",
    "smtp_tlsrpt_skip_reused_handshakes", "smtp_tlsrpt_socket_name", "smtpd_hide_client_session",
    "socketmap_max_reply_size", "tls_required_enable"};

constexpr Name k3_11[] = {
    "default_cache_db_type", "lmtp_log_tls_feature_status", "lmtp_requiretls_policy",
    "lmtp_tls_enforce_sts_mx_patterns", "non_bdb_custom_mapping", "non_bdb_migration_allow_root_prefixes",
    "non_bdb_migration_allow_user_prefixes", "non_bdb_migration_level", "non_bdb_migration_log_redirect",
    "non_bdb_migration_service_name", "non_empty_end_of_header_action", "relocated_prefix_enable",
    "requiretls_enable", "requiretls_esmtp_header", "requiretls_redact_dsn", "smtp_log_tls_feature_status",
    "smtp_requiretls_policy", "smtp_tls_enforce_sts_mx_patterns", "smtpd_reject_filter_maps"};
// clang-format on

constexpr Release kReleases[] = {
    {"", kOurs},     {"1.1", k1_1},   {"2.0", k2_0}, {"2.1", k2_1}, {"2.2", k2_2}, {"2.3", k2_3},
    {"2.4", k2_4},   {"2.5", k2_5},   {"2.6", k2_6}, {"2.7", k2_7}, {"2.8", k2_8}, {"2.9", k2_9},
    {"2.10", k2_10}, {"2.11", k2_11}, {"3.0", k3_0}, {"3.1", k3_1}, {"3.2", k3_2}, {"3.3", k3_3},
    {"3.4", k3_4},   {"3.5", k3_5},   {"3.6", k3_6}, {"3.7", k3_7}, {"3.8", k3_8}, {"3.9", k3_9},
    {"3.10", k3_10}, {"3.11", k3_11}};

constexpr bool is_sorted(const Release& release) {
  return std::is_sorted(release.names.begin(), release.names.end());
}
static_assert(std::all_of(std::begin(kReleases), std::end(kReleases), is_sorted));

}  // namespace

std::span<const Release> releases() { return kReleases; }

std::optional<std::string_view> since(std::string_view name) {
  for (const Release& release : kReleases) {
    if (std::binary_search(release.names.begin(), release.names.end(), name)) return release.version;
  }
  return std::nullopt;
}

}  // namespace postern::config
