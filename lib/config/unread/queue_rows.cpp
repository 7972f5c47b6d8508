// Parameters of cleanup, qmgr and bounce that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"2bounce_notice_recipient", "postmaster", string, "Who gets undeliverable bounces, when notify_classes has 2bounce."},
    {"alternate_config_directories", "", string, "Configuration directories that unprivileged users may name."},
    {"backwards_bounce_logfile_compatibility", "yes", boolean, "Write bounce logs that old versions can read too."},
    {"bounce_notice_recipient", "postmaster", string, "Who gets copies of bounced headers, when notify_classes has bounce."},
    {"bounce_service_name", "bounce", string, "The service that writes delivery status notifications."},
    {"bounce_size_limit", "50000", integer, "Bytes of the original message that a notification carries."},
    {"bounce_template_file", "", string, "A file with texts of delivery status notifications."},
    {"canonical_classes", "envelope_sender, envelope_recipient, header_sender, header_recipient", string, "Which addresses canonical_maps rewrites."},
    {"cleanup_replace_stray_cr_lf", "yes", boolean, "Turn a CR or LF that stands alone in content into a space."},
    {"cleanup_service_name", "cleanup", string, "The service that makes messages canonical."},
    {"confirm_delay_cleared", "no", boolean, "Tell the sender when late mail arrived after all."},
    {"default_delivery_slot_cost", "5", integer, "How often the scheduler may let a small message overtake a large one."},
    {"default_delivery_slot_discount", "50", integer, "Percent of the slots that a message need not have to overtake."},
    {"default_delivery_slot_loan", "3", integer, "Slots that a message may borrow to overtake."},
    {"default_delivery_status_filter", "", string, "Tables that rewrite the status of deliveries."},
    {"default_extra_recipient_limit", "1000", integer, "Recipients in memory for messages that overtake."},
    {"default_filter_nexthop", "", string, "The next hop of a content filter that names none."},
    {"default_minimum_delivery_slots", "3", integer, "Messages with fewer slots than this are not overtaken."},
    {"default_recipient_limit", "20000", integer, "Recipients in memory for one transport."},
    {"default_recipient_refill_delay", "5s", time, "The longest wait before more recipients of a message are read."},
    {"default_recipient_refill_limit", "100", integer, "Recipients that are read at a time."},
    {"default_transport_rate_delay", "0s", time, "Time between deliveries through one transport."},
    {"default_verp_delimiters", "+=", string, "The two characters around the recipient in a variable return path."},
    {"defer_service_name", "defer", string, "The service that keeps the reasons for late mail."},
    {"delay_notice_recipient", "postmaster", string, "Who gets copies of late headers, when notify_classes has delay."},
    {"destination_concurrency_feedback_debug", "no", boolean, "Log how the concurrency of each destination changes."},
    {"detect_8bit_encoding_header", "yes", boolean, "Believe Content-Transfer-Encoding: when looking for 8-bit text."},
    {"disable_mime_input_processing", "no", boolean, "Take all content as plain text, whatever its headers say."},
    {"disable_mime_output_conversion", "no", boolean, "Send 8-bit text as it is to peers that do not offer 8BITMIME."},
    {"disable_verp_bounces", "no", boolean, "Send one notification for all recipients even with variable return paths."},
    {"dont_remove", "0", integer, "Keep queue files of delivered mail, for tests."},
    {"double_bounce_sender", "double-bounce", string, "The sender of notifications to the postmaster; mail to it is dropped."},
    {"empty_address_default_transport_maps_lookup_key", "<>", string, "What the null sender is called in sender_dependent_default_transport_maps."},
    {"empty_address_recipient", "MAILER-DAEMON", string, "Who gets mail that is addressed to the null address."},
    {"empty_address_relayhost_maps_lookup_key", "<>", string, "What the null sender is called in sender_dependent_relayhost_maps."},
    {"enable_threaded_bounces", "no", boolean, "Refer to the original message in notifications, so that readers group them."},
    {"error_notice_recipient", "postmaster", string, "Who is told about errors of this system."},
    {"error_service_name", "error", string, "The service that fails deliveries on purpose."},
    {"fast_flush_domains", "$relay_domains", string, "Destinations whose mail ETRN can ask for."},
    {"fast_flush_purge_time", "7d", time, "Age at which an unused list of a destination's mail goes."},
    {"fast_flush_refresh_time", "12h", time, "Age at which such a list is made anew."},
    {"flush_service_name", "flush", string, "The service that keeps these lists."},
    {"hash_queue_depth", "1", integer, "Levels of subdirectories of a queue directory."},
    {"hash_queue_names", "deferred, defer", string, "Queue directories that have subdirectories."},
    {"in_flow_delay", "1s", time, "How long new mail waits when more comes in than goes out."},
    {"internal_mail_filter_classes", "", string, "Kinds of our own mail that filters look at."},
    {"masquerade_classes", "envelope_sender, header_sender, header_recipient", string, "Which addresses masquerade_domains is for."},
    {"masquerade_exceptions", "", string, "Users whose addresses are not masqueraded."},
    {"message_reject_characters", "", string, "Characters that no message may contain."},
    {"message_strip_characters", "", string, "Characters that are removed from messages."},
    {"mime_boundary_length_limit", "2048", integer, "Bytes of a MIME boundary that are compared."},
    {"mime_header_checks", "$header_checks", string, "Tables that judge MIME headers."},
    {"mime_nesting_limit", "100", integer, "Levels of MIME parts that are understood."},
    {"nested_header_checks", "$header_checks", string, "Tables that judge headers of attached messages."},
    {"notify_classes", "resource, software", string, "Which problems the postmaster is told about."},
    {"pickup_service_name", "pickup", string, "The service that takes local submissions."},
    {"qmgr_clog_warn_time", "300s", time, "How often to warn about a destination that fills the queue."},
    {"qmgr_daemon_timeout", "1000s", time, "How long one step of the queue manager may take."},
    {"qmgr_fudge_factor", "100", integer, "Percent of its recipients that a large message may deliver at a time."},
    {"qmgr_ipc_timeout", "60s", time, "How long the queue manager waits for another service."},
    {"qmgr_message_recipient_minimum", "10", integer, "Recipients of each message that are in memory at least."},
    {"queue_file_attribute_count_limit", "100", integer, "Attributes that a queue file may have."},
    {"queue_service_name", "qmgr", string, "The service that owns the queue."},
    {"recipient_canonical_classes", "envelope_recipient, header_recipient", string, "Which addresses recipient_canonical_maps rewrites."},
    {"remote_header_rewrite_domain", "", string, "The domain for incomplete header addresses of remote clients; empty: leave them."},
    {"sender_canonical_classes", "envelope_sender, header_sender", string, "Which addresses sender_canonical_maps rewrites."},
    {"sender_dependent_default_transport_maps", "", string, "Tables of default transports by sender."},
    {"sender_dependent_relayhost_maps", "", string, "Tables of relay hosts by sender."},
    {"showq_service_name", "showq", string, "The service that lists the queue."},
    {"smtputf8_autodetect_classes", "sendmail, verify", string, "Kinds of mail that are looked at for addresses that need SMTPUTF8."},
    {"strict_7bit_headers", "no", boolean, "Refuse mail with 8-bit text in headers."},
    {"strict_8bitmime", "no", boolean, "Refuse mail with 8-bit text in headers or in parts declared as 7-bit."},
    {"strict_8bitmime_body", "no", boolean, "Refuse mail with 8-bit text in parts declared as 7-bit."},
    {"strict_mime_encoding_domain", "no", boolean, "Refuse encodings that MIME forbids for compound parts."},
    {"trace_service_name", "trace", string, "The service that reports on deliveries."},
    {"verp_delimiter_filter", "-=+", string, "Characters that may be default_verp_delimiters."},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kQueueRows{kRows};

}  // namespace postern::config
