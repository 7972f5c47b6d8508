// Parameters of cleanup, qmgr and bounce that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"backwards_bounce_logfile_compatibility", "yes", boolean, "Write bounce logs that old versions can read too.", "all"},
    {"bounce_service_name", "bounce", string, "The service that writes delivery status notifications.", "all", {1}},
    {"cleanup_replace_stray_cr_lf", "yes", boolean, "Turn a CR or LF that stands alone in content into a space.", "cleanup"},
    {"cleanup_service_name", "cleanup", string, "The service that makes messages canonical.", "all", {1}},
    {"confirm_delay_cleared", "no", boolean, "Tell the sender when late mail arrived after all.", "qmgr"},
    {"default_delivery_slot_cost", "5", integer, "How often the scheduler may let a small message overtake a large one.", "qmgr"},
    {"default_delivery_slot_discount", "50", integer, "Percent of the slots that a message need not have to overtake.", "qmgr", {0, 100}},
    {"default_delivery_slot_loan", "3", integer, "Slots that a message may borrow to overtake.", "qmgr"},
    {"default_delivery_status_filter", "", string, "Tables that rewrite the status of deliveries.", "all"},
    {"default_extra_recipient_limit", "1000", integer, "Recipients in memory for messages that overtake.", "qmgr"},
    {"default_minimum_delivery_slots", "3", integer, "Messages with fewer slots than this are not overtaken.", "qmgr"},
    {"default_recipient_limit", "20000", integer, "Recipients in memory for one transport.", "qmgr"},
    {"default_recipient_refill_delay", "5s", time, "The longest wait before more recipients of a message are read.", "qmgr", {1}},
    {"default_recipient_refill_limit", "100", integer, "Recipients that are read at a time.", "qmgr", {1}},
    {"default_verp_delimiters", "+=", string, "The two characters around the recipient in a variable return path.", "all", {2, 2}},
    {"defer_service_name", "defer", string, "The service that keeps the reasons for late mail.", "all", {1}},
    {"destination_concurrency_feedback_debug", "no", boolean, "Log how the concurrency of each destination changes.", "qmgr"},
    {"detect_8bit_encoding_header", "yes", boolean, "Believe Content-Transfer-Encoding: when looking for 8-bit text.", "cleanup"},
    {"disable_mime_output_conversion", "no", boolean, "Send 8-bit text as it is to peers that do not offer 8BITMIME.", "all"},
    {"disable_verp_bounces", "no", boolean, "Send one notification for all recipients even with variable return paths.", "cleanup, qmgr"},
    {"dont_remove", "0", integer, "Keep queue files of delivered mail, for tests.", "all"},
    {"error_notice_recipient", "postmaster", string, "Who is told about errors of this system.", "smtp, lmtp, smtpd", {1}},
    {"error_service_name", "error", string, "The service that fails deliveries on purpose.", "all", {1}},
    {"fast_flush_domains", "$relay_domains", string, "Destinations whose mail ETRN can ask for.", "all"},
    {"fast_flush_purge_time", "7d", time, "Age at which an unused list of a destination's mail goes.", "flush", {1}},
    {"fast_flush_refresh_time", "12h", time, "Age at which such a list is made anew.", "flush", {1}},
    {"flush_service_name", "flush", string, "The service that keeps these lists.", "all", {1}},
    {"force_mime_input_conversion", "no", boolean, "Turn 8-bit content into 7-bit text when it comes in.", "cleanup"},
    {"full_name_encoding_charset", "utf-8", string, "The character set named with an encoded full name in From:.", "cleanup"},
    {"hash_queue_depth", "1", integer, "Levels of subdirectories of a queue directory.", "all", {1}},
    {"hash_queue_names", "deferred, defer", string, "Queue directories that have subdirectories.", "all", {1}},
    {"in_flow_delay", "1s", time, "How long new mail waits when more comes in than goes out.", "all", {0, 10}},
    {"non_empty_end_of_header_action",
     "fix_quietly",
     string, "When headers end without an empty line: fix_quietly, add_header or reject.", "cleanup"},
    {"pickup_service_name", "pickup", string, "The service that takes local submissions.", "all", {1}},
    {"qmgr_clog_warn_time", "300s", time, "How often to warn about a destination that fills the queue.", "qmgr"},
    {"qmgr_daemon_timeout", "1000s", time, "How long one step of the queue manager may take.", "qmgr", {1}},
    {"qmgr_fudge_factor", "100", integer, "Percent of its recipients that a large message may deliver at a time.", "oqmgr", {10, 100}},
    {"qmgr_ipc_timeout", "60s", time, "How long the queue manager waits for another service.", "qmgr", {1}},
    {"qmgr_message_recipient_minimum", "10", integer, "Recipients of each message that are in memory at least.", "qmgr", {1}},
    {"queue_file_attribute_count_limit", "100", integer, "Attributes that a queue file may have.", "cleanup", {1}},
    {"queue_service_name", "qmgr", string, "The service that owns the queue.", "all", {1}},
    {"showq_service_name", "showq", string, "The service that lists the queue.", "all", {1}},
    {"smtputf8_autodetect_classes",
     "sendmail, verify",
     string, "Kinds of mail that are looked at for addresses that need SMTPUTF8.", "all", {1}},
    {"strict_7bit_headers", "no", boolean, "Refuse mail with 8-bit text in headers.", "all"},
    {"strict_8bitmime", "no", boolean, "Refuse mail with 8-bit text in headers or in parts declared as 7-bit.", "all"},
    {"strict_8bitmime_body", "no", boolean, "Refuse mail with 8-bit text in parts declared as 7-bit.", "all"},
    {"strict_mime_encoding_domain", "no", boolean, "Refuse encodings that MIME forbids for compound parts.", "all"},
    {"trace_service_name", "trace", string, "The service that reports on deliveries.", "all", {1}},
    {"verp_delimiter_filter", "-=+", string, "Characters that may be default_verp_delimiters.", "all", {1}},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kQueueRows{kRows};

}  // namespace postern::config
