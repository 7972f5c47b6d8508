// Parameters of local, pipe and virtual that no program reads yet.
#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {
using enum UnreadType;

// clang-format off
constexpr Unread kRows[] = {
    {"alias_database", "hash:/etc/aliases", string, "Alias tables that newaliases builds.", "all"},
    {"local_destination_concurrency_limit", "2", integer, "Deliveries to one local recipient at a time.", "qmgr"},
    {"local_destination_recipient_limit", "1", integer, "Recipients of one local delivery.", "qmgr"},
    {"sun_mailtool_compatibility", "no", boolean, "Obsolete: lock mailboxes as an old reader did.", "local"},
};
// clang-format on
static_assert(is_sorted_by_name(kRows));
}  // namespace

const UnreadRows kLocalRows{kRows};

}  // namespace postern::config
