// Parameters of local, pipe and virtual that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"alias_database", "hash:/etc/aliases", string, "Alias tables that newaliases builds."},
    {"allow_min_user", "no", boolean, "Allow recipients that start with a minus sign."},
    {"command_execution_directory", "", raw, "Where local runs commands."},
    {"command_expansion_filter",
     "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
     string, "Characters that may stay in $names of mailbox_command."},
    {"empty_address_local_login_sender_maps_lookup_key", "<>", string, "What the null sender is called in local_login_sender_maps."},
    {"execution_directory_expansion_filter",
     "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
     string, "Characters that may stay in $names of command_execution_directory."},
    {"fallback_transport_maps", "", string, "Tables of fallback transports by recipient."},
    {"forward_expansion_filter",
     "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
     string, "Characters that may stay in $names of forward_path."},
    {"frozen_delivered_to", "yes", boolean, "Keep Delivered-To: the same while aliases are expanded."},
    {"local_command_shell", "", string, "The shell for commands; empty: only when a command needs one."},
    {"local_delivery_status_filter", "$default_delivery_status_filter", string, "Tables that rewrite the status of local deliveries."},
    {"local_destination_concurrency_limit", "2", integer, "Deliveries to one local recipient at a time."},
    {"local_destination_recipient_limit", "1", integer, "Recipients of one local delivery."},
    {"local_login_sender_maps", "static:*", string, "Tables of the sender addresses that local users may use."},
    {"mailbox_command_maps", "", string, "Tables of delivery commands by recipient."},
    {"mailbox_transport_maps", "", string, "Tables of mailbox transports by recipient."},
    {"pipe_delivery_status_filter", "$default_delivery_status_filter", string, "Tables that rewrite the status of deliveries to commands."},
    {"require_home_directory", "no", boolean, "Defer mail for users whose home directory is not there."},
    {"reset_owner_alias", "no", boolean, "Give nested aliases without an owner the sender of the message."},
    {"strict_mailbox_ownership", "yes", boolean, "Deliver only to mailbox files of the recipient."},
    {"sun_mailtool_compatibility", "no", boolean, "Obsolete: lock mailboxes as an old reader did."},
    {"virtual_delivery_status_filter", "$default_delivery_status_filter", string, "Tables that rewrite the status of deliveries to virtual mailboxes."},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kLocalRows{kRows};

}  // namespace postern::config
