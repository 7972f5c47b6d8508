// Who may ask about the queue with postqueue and mailq.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct QueueAccessParams : ParamGroup {
  Param<List> mailq_users{*this, "authorized_mailq_users", "static:anyone",
      "Users who may see the queue, besides root and mail_owner; \"unknown\": those without an account."};
  Param<List> flush_users{*this, "authorized_flush_users", "static:anyone",
      "Users who may have mail in the queue tried at once, besides root and mail_owner."};
};

}  // namespace postern::config
