// The parameters that virtual reads.
#pragma once

#include "lib/config/param.h"
#include "lib/config/params/limit_params.h"

namespace postern::config {

struct VirtualParams : ParamGroup {
  Param<std::string> mailbox_base{
      *this, "virtual_mailbox_base", "", "The directory that all paths of virtual_mailbox_maps are below."};
  Param<std::string> uid_maps{*this, "virtual_uid_maps", "", "Tables of the user id of each recipient."};
  Param<std::string> gid_maps{*this, "virtual_gid_maps", "", "Tables of the group id of each recipient."};
  Param<int> minimum_uid{
      *this, "virtual_minimum_uid", "100", "The lowest user id that a table may give.", at_least(1)};
  Param<std::int64_t> mailbox_limit{*this, "virtual_mailbox_limit", "51200000",
      "The largest mailbox file or maildir message, in bytes; 0: no limit.", at_most(kLargestSize)};
  Param<List> mailbox_lock{*this, "virtual_mailbox_lock", "fcntl, dotlock",
      "How a mailbox file is locked: fcntl, flock, dotlock.", at_least(1)};
  Param<std::string> delivery_status_filter{*this, "virtual_delivery_status_filter",
      "$default_delivery_status_filter",
      "Tables that rewrite the status of deliveries to virtual mailboxes."};
};

}  // namespace postern::config
