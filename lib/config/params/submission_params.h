// The parameters of sendmail and postdrop.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct SubmissionParams : ParamGroup {
  Param<List> authorized_submit_users{
      *this, "authorized_submit_users", "static:anyone", "Users who may submit mail with sendmail."};
  Param<std::string> local_login_sender_maps{*this, "local_login_sender_maps", "static:*",
      "Tables of the sender addresses that local users may use."};
  Param<std::string> empty_sender_key{*this, "empty_address_local_login_sender_maps_lookup_key", "<>",
      "What the null sender is called in local_login_sender_maps."};
  Param<std::string> fix_line_endings{*this, "sendmail_fix_line_endings", "always",
      "When sendmail takes CR LF for a line end.", one_of("always strict never")};
  Param<List> alternate_config_directories{*this, "alternate_config_directories", "",
      "Configuration directories that unprivileged users may name."};
};

}  // namespace postern::config
