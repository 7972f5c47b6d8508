// The parameters that local reads, and those of mailboxes in general.
#pragma once

#include "lib/config/param.h"
#include "lib/config/params/limit_params.h"

namespace postern::config {

// Read by local and virtual.
struct MailboxParams : ParamGroup {
  Param<List> mailbox_delivery_lock{*this, "mailbox_delivery_lock", "fcntl, dotlock",
      "How a mailbox file is locked: fcntl, flock, dotlock.", at_least(1)};
  Param<int> deliver_lock_attempts{
      *this, "deliver_lock_attempts", "20", "Attempts to lock a mailbox.", at_least(1)};
  Param<Seconds> deliver_lock_delay{
      *this, "deliver_lock_delay", "1s", "Time between these attempts.", at_least(1)};
  Param<Seconds> stale_lock_time{
      *this, "stale_lock_time", "500s", "Age at which a lock file is removed.", at_least(1)};
};

struct LocalParams : ParamGroup {
  Param<std::string> mail_spool_directory{*this, "mail_spool_directory", "/var/mail", "Where mailboxes are."};
  Param<std::string> home_mailbox{*this, "home_mailbox", "",
      "A mailbox in the user's home directory instead; with a final slash a maildir."};
  Param<std::int64_t> mailbox_size_limit{*this, "mailbox_size_limit", "51200000",
      "The largest mailbox file or maildir message, in bytes; 0: no limit.", at_most(kLargestSize)};
  Param<std::string> mailbox_command{
      *this, "mailbox_command", "", "A command that delivers to the user instead.", not_yet(kUnexpanded)};
  Param<std::string> mailbox_transport{
      *this, "mailbox_transport", "", "transport:nexthop for all users with an account.", not_yet()};
  Param<std::string> fallback_transport{
      *this, "fallback_transport", "", "transport:nexthop for names without an account.", not_yet()};
  Param<std::string> luser_relay{
      *this, "luser_relay", "", "The address that gets mail for unknown users.", not_yet(kUnexpanded)};
  Param<std::string> forward_path{*this, "forward_path",
      "$home/.forward${recipient_delimiter}${extension}, $home/.forward",
      "Where users say where their mail goes.", not_yet(kUnexpanded)};
  Param<List> allow_mail_to_commands{*this, "allow_mail_to_commands", "alias, forward",
      "Where a recipient may be a command: alias, forward, include.", not_yet()};
  Param<List> allow_mail_to_files{*this, "allow_mail_to_files", "alias, forward",
      "Where a recipient may be a file: alias, forward, include.", not_yet()};
  Param<bool> biff{*this, "biff", "yes", "Tell comsat about new mail.", not_yet()};
  Param<bool> owner_request_special{*this, "owner_request_special", "yes",
      "Do not split owner-list and list-request at the delimiter.", not_yet()};
  Param<bool> expand_owner_alias{
      *this, "expand_owner_alias", "no", "Use what owner-list expands to as the envelope sender.", not_yet()};
  Param<std::string> default_privs{*this, "default_privs", "nobody",
      "The user for files and commands that belong to root's aliases.", not_yet(at_least(1))};
  Param<std::string> prepend_delivered_header{*this, "prepend_delivered_header", "command, file, forward",
      "Deliveries that add Delivered-To:.", not_yet()};
};

}  // namespace postern::config
