// Parameters of address verification and of mail filters that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"address_verify_cache_cleanup_interval", "12h", time, "Time between looks for old probe results.", "verify"},
    {"address_verify_default_transport", "$default_transport", string, "default_transport for probes.", "trivial-rewrite"},
    {"address_verify_local_transport", "$local_transport", string, "local_transport for probes.", "trivial-rewrite"},
    {"address_verify_map", "btree:$data_directory/verify_cache", string, "Where probe results are kept.", "proxymap, verify"},
    {"address_verify_negative_cache", "yes", boolean, "Keep the results of probes that failed.", "all"},
    {"address_verify_negative_expire_time", "3d", time, "How long a failed probe counts.", "verify", {1}},
    {"address_verify_negative_refresh_time", "3h", time, "Age at which a failed probe is tried again.", "verify", {1}},
    {"address_verify_pending_request_limit", "5000", integer, "Probes that may wait at a time.", "qmgr", {1}},
    {"address_verify_poll_count", "${stress?{1}:{3}}", integer, "How often to ask for the result of a probe.", "smtpd", {1}},
    {"address_verify_poll_delay", "3s", time, "Time between these questions.", "smtpd", {1}},
    {"address_verify_positive_expire_time", "31d", time, "How long a probe that succeeded counts.", "verify", {1}},
    {"address_verify_positive_refresh_time", "7d", time, "Age at which it is made again.", "verify", {1}},
    {"address_verify_relay_transport", "$relay_transport", string, "relay_transport for probes.", "trivial-rewrite"},
    {"address_verify_relayhost", "$relayhost", string, "relayhost for probes.", "trivial-rewrite"},
    {"address_verify_sender", "$double_bounce_sender", string, "The sender of probes.", "smtpd, verify"},
    {"address_verify_sender_dependent_default_transport_maps",
     "$sender_dependent_default_transport_maps",
     string, "sender_dependent_default_transport_maps for probes.", "trivial-rewrite"},
    {"address_verify_sender_dependent_relayhost_maps",
     "$sender_dependent_relayhost_maps",
     string, "sender_dependent_relayhost_maps for probes.", "trivial-rewrite"},
    {"address_verify_sender_ttl", "0s", time, "How often the sender of probes changes; 0: never.", "smtpd, verify"},
    {"address_verify_service_name", "verify", string, "The service that probes addresses.", "all", {1}},
    {"address_verify_transport_maps", "$transport_maps", string, "transport_maps for probes.", "trivial-rewrite"},
    {"address_verify_virtual_transport", "$virtual_transport", string, "virtual_transport for probes.", "trivial-rewrite"},
    {"milter_command_timeout", "30s", time, "How long to wait for a filter's answer to a command.", "smtpd, cleanup", {1}},
    {"milter_connect_macros", "j {daemon_name} {daemon_addr} v _", string, "Macros that filters get at connect.", "smtpd, cleanup"},
    {"milter_connect_timeout", "30s", time, "How long to wait for a connection to a filter.", "smtpd, cleanup", {1}},
    {"milter_content_timeout", "300s", time, "How long to wait for a filter's answer to content.", "smtpd, cleanup", {1}},
    {"milter_data_macros", "i", string, "Macros that filters get at DATA.", "smtpd, cleanup"},
    {"milter_default_action", "tempfail", string, "What to do when a filter does not answer.", "smtpd, cleanup", {1}},
    {"milter_end_of_data_macros", "i", string, "Macros that filters get after the content.", "smtpd, cleanup"},
    {"milter_end_of_header_macros", "i", string, "Macros that filters get after the headers.", "smtpd, cleanup"},
    {"milter_header_checks", "", string, "Tables that judge headers which filters add.", "cleanup"},
    {"milter_helo_macros",
     "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
     string, "Macros that filters get at HELO.", "smtpd, cleanup"},
    {"milter_macro_daemon_name", "$myhostname", string, "The value of the macro {daemon_name}.", "smtpd, cleanup", {1}},
    {"milter_macro_defaults", "", string, "Values of macros that would have none.", "smtpd, cleanup"},
    {"milter_macro_v", "$mail_name $mail_version", string, "The value of the macro v.", "smtpd, cleanup", {1}},
    {"milter_mail_macros",
     "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
     string, "Macros that filters get at MAIL.", "smtpd, cleanup"},
    {"milter_protocol", "6", string, "The version of the filter protocol.", "smtpd, cleanup", {1}},
    {"milter_rcpt_macros", "i {rcpt_addr} {rcpt_host} {rcpt_mailer}", string, "Macros that filters get at RCPT.", "smtpd, cleanup"},
    {"milter_unknown_command_macros", "", string, "Macros that filters get at unknown commands.", "smtpd, cleanup"},
    {"non_smtpd_milters", "", string, "Mail filters for mail that does not come from the network.", "cleanup"},
    {"unverified_recipient_defer_code", "450", integer, "The code when a recipient could not be probed yet.", "smtpd", {200, 499}},
    {"unverified_recipient_reject_code", "450", integer, "The code when the probe of a recipient failed.", "smtpd", {200, 599}},
    {"unverified_recipient_reject_reason", "", string, "The text for it; empty: what the probe said.", "smtpd"},
    {"unverified_recipient_tempfail_action",
     "$reject_tempfail_action",
     string, "What to do when a recipient could not be probed.", "smtpd", {1}},
    {"unverified_sender_defer_code", "450", integer, "The code when a sender could not be probed yet.", "smtpd", {200, 499}},
    {"unverified_sender_reject_code", "450", integer, "The code when the probe of a sender failed.", "smtpd", {200, 599}},
    {"unverified_sender_reject_reason", "", string, "The text for it; empty: what the probe said.", "smtpd"},
    {"unverified_sender_tempfail_action", "$reject_tempfail_action", string, "What to do when a sender could not be probed.", "smtpd", {1}},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kVerifyRows{kRows};

}  // namespace postern::config
