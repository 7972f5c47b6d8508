// The table of lib/config/unread.h, in parts that are each sorted by name.
#pragma once

#include <algorithm>
#include <span>

#include "lib/config/unread.h"

namespace postern::config {

using UnreadRows = std::span<const Unread>;

constexpr bool is_sorted_by_name(UnreadRows rows) {
  return std::is_sorted(rows.begin(), rows.end(),
                        [](const Unread& a, const Unread& b) { return a.name < b.name; });
}

extern const UnreadRows kLmtpRows, kLocalRows, kQueueRows, kSmtpRows, kSmtpdRows, kSystemRows, kTlsRows,
    kVerifyRows;

}  // namespace postern::config
