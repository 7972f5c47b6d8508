// Parameters of local, pipe and virtual that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"alias_database", "hash:/etc/aliases", string, "Alias tables that newaliases builds.", "all"},
    {"command_execution_directory", "", raw, "Where local runs commands.", "local"},
    {"command_expansion_filter",
     "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
     string, "Characters that may stay in $names of mailbox_command.", "local", {1}},
    {"execution_directory_expansion_filter",
     "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
     string, "Characters that may stay in $names of command_execution_directory.", "local", {1}},
    {"fallback_transport_maps", "", string, "Tables of fallback transports by recipient.", "local"},
    {"forward_expansion_filter",
     "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
     string, "Characters that may stay in $names of forward_path.", "local", {1}},
    {"frozen_delivered_to", "yes", boolean, "Keep Delivered-To: the same while aliases are expanded.", "local"},
    {"local_command_shell", "", string, "The shell for commands; empty: only when a command needs one.", "local"},
    {"local_delivery_status_filter",
     "$default_delivery_status_filter",
     string, "Tables that rewrite the status of local deliveries.", "local"},
    {"local_destination_concurrency_limit", "2", integer, "Deliveries to one local recipient at a time.", "qmgr"},
    {"local_destination_recipient_limit", "1", integer, "Recipients of one local delivery.", "qmgr"},
    {"mailbox_command_maps", "", string, "Tables of delivery commands by recipient.", "local"},
    {"mailbox_transport_maps", "", string, "Tables of mailbox transports by recipient.", "local"},
    {"pipe_delivery_status_filter",
     "$default_delivery_status_filter",
     string, "Tables that rewrite the status of deliveries to commands.", "pipe"},
    {"require_home_directory", "no", boolean, "Defer mail for users whose home directory is not there.", "local"},
    {"reset_owner_alias", "no", boolean, "Give nested aliases without an owner the sender of the message.", "local"},
    {"strict_mailbox_ownership", "yes", boolean, "Deliver only to mailbox files of the recipient.", "local, virtual"},
    {"sun_mailtool_compatibility", "no", boolean, "Obsolete: lock mailboxes as an old reader did.", "local"},
    {"virtual_delivery_status_filter",
     "$default_delivery_status_filter",
     string, "Tables that rewrite the status of deliveries to virtual mailboxes.", "virtual"},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kLocalRows{kRows};

}  // namespace postern::config
