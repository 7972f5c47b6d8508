// Parameters of address verification and of mail filters that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"address_verify_cache_cleanup_interval", "12h", time, "Time between looks for old probe results."},
    {"address_verify_default_transport", "$default_transport", string, "default_transport for probes."},
    {"address_verify_local_transport", "$local_transport", string, "local_transport for probes."},
    {"address_verify_map", "btree:$data_directory/verify_cache", string, "Where probe results are kept."},
    {"address_verify_negative_cache", "yes", boolean, "Keep the results of probes that failed."},
    {"address_verify_negative_expire_time", "3d", time, "How long a failed probe counts."},
    {"address_verify_negative_refresh_time", "3h", time, "Age at which a failed probe is tried again."},
    {"address_verify_pending_request_limit", "5000", integer, "Probes that may wait at a time."},
    {"address_verify_poll_count", "${stress?{1}:{3}}", integer, "How often to ask for the result of a probe."},
    {"address_verify_poll_delay", "3s", time, "Time between these questions."},
    {"address_verify_positive_expire_time", "31d", time, "How long a probe that succeeded counts."},
    {"address_verify_positive_refresh_time", "7d", time, "Age at which it is made again."},
    {"address_verify_relay_transport", "$relay_transport", string, "relay_transport for probes."},
    {"address_verify_relayhost", "$relayhost", string, "relayhost for probes."},
    {"address_verify_sender", "$double_bounce_sender", string, "The sender of probes."},
    {"address_verify_sender_dependent_default_transport_maps",
     "$sender_dependent_default_transport_maps",
     string, "sender_dependent_default_transport_maps for probes."},
    {"address_verify_sender_dependent_relayhost_maps", "$sender_dependent_relayhost_maps", string, "sender_dependent_relayhost_maps for probes."},
    {"address_verify_sender_ttl", "0s", time, "How often the sender of probes changes; 0: never."},
    {"address_verify_service_name", "verify", string, "The service that probes addresses."},
    {"address_verify_transport_maps", "$transport_maps", string, "transport_maps for probes."},
    {"address_verify_virtual_transport", "$virtual_transport", string, "virtual_transport for probes."},
    {"milter_command_timeout", "30s", time, "How long to wait for a filter's answer to a command."},
    {"milter_connect_macros", "j {daemon_name} {daemon_addr} v _", string, "Macros that filters get at connect."},
    {"milter_connect_timeout", "30s", time, "How long to wait for a connection to a filter."},
    {"milter_content_timeout", "300s", time, "How long to wait for a filter's answer to content."},
    {"milter_data_macros", "i", string, "Macros that filters get at DATA."},
    {"milter_default_action", "tempfail", string, "What to do when a filter does not answer."},
    {"milter_end_of_data_macros", "i", string, "Macros that filters get after the content."},
    {"milter_end_of_header_macros", "i", string, "Macros that filters get after the headers."},
    {"milter_header_checks", "", string, "Tables that judge headers which filters add."},
    {"milter_helo_macros", "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}", string, "Macros that filters get at HELO."},
    {"milter_macro_daemon_name", "$myhostname", string, "The value of the macro {daemon_name}."},
    {"milter_macro_defaults", "", string, "Values of macros that would have none."},
    {"milter_macro_v", "$mail_name $mail_version", string, "The value of the macro v."},
    {"milter_mail_macros", "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}", string, "Macros that filters get at MAIL."},
    {"milter_protocol", "6", integer, "The version of the filter protocol."},
    {"milter_rcpt_macros", "i {rcpt_addr} {rcpt_host} {rcpt_mailer}", string, "Macros that filters get at RCPT."},
    {"milter_unknown_command_macros", "", string, "Macros that filters get at unknown commands."},
    {"non_smtpd_milters", "", string, "Mail filters for mail that does not come from the network."},
    {"unverified_recipient_defer_code", "450", integer, "The code when a recipient could not be probed yet."},
    {"unverified_recipient_reject_code", "450", integer, "The code when the probe of a recipient failed."},
    {"unverified_recipient_reject_reason", "", string, "The text for it; empty: what the probe said."},
    {"unverified_recipient_tempfail_action", "$reject_tempfail_action", string, "What to do when a recipient could not be probed."},
    {"unverified_sender_defer_code", "450", integer, "The code when a sender could not be probed yet."},
    {"unverified_sender_reject_code", "450", integer, "The code when the probe of a sender failed."},
    {"unverified_sender_reject_reason", "", string, "The text for it; empty: what the probe said."},
    {"unverified_sender_tempfail_action", "$reject_tempfail_action", string, "What to do when a sender could not be probed."},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kVerifyRows{kRows};

}  // namespace postern::config
