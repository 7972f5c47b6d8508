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
  Param<bool> strict_mailbox_ownership{
      *this, "strict_mailbox_ownership", "yes", "Deliver only to mailbox files of the recipient."};
};

struct LocalParams : ParamGroup {
  Param<std::string> mail_spool_directory{*this, "mail_spool_directory", "/var/mail", "Where mailboxes are."};
  Param<std::string> home_mailbox{*this, "home_mailbox", "",
      "A mailbox in the user's home directory instead; with a final slash a maildir."};
  Param<std::int64_t> mailbox_size_limit{*this, "mailbox_size_limit", "51200000",
      "The largest mailbox file or maildir message, in bytes; 0: no limit.", at_most(kLargestSize)};
  Param<std::string> mailbox_command{
      *this, "mailbox_command", "", "A command that delivers to the user instead.", kUnexpanded};
  Param<std::string> mailbox_command_maps{
      *this, "mailbox_command_maps", "", "Tables of delivery commands by recipient."};
  Param<std::string> mailbox_transport{
      *this, "mailbox_transport", "", "transport:nexthop for all users, with an account or without."};
  Param<std::string> mailbox_transport_maps{
      *this, "mailbox_transport_maps", "", "Tables of mailbox transports by recipient."};
  Param<std::string> fallback_transport{
      *this, "fallback_transport", "", "transport:nexthop for names without an account."};
  Param<std::string> fallback_transport_maps{
      *this, "fallback_transport_maps", "", "Tables of fallback transports by recipient."};
  Param<std::string> luser_relay{
      *this, "luser_relay", "", "The address that gets mail for unknown users.", kUnexpanded};
  Param<std::string> forward_path{*this, "forward_path",
      "$home/.forward${recipient_delimiter}${extension}, $home/.forward",
      "Where users say where their mail goes.", kUnexpanded};
  Param<List> allow_mail_to_commands{*this, "allow_mail_to_commands", "alias, forward",
      "Where a recipient may be a command: alias, forward, include.",
      ParamSpec{.words = "alias forward include"}};
  Param<List> allow_mail_to_files{*this, "allow_mail_to_files", "alias, forward",
      "Where a recipient may be a file: alias, forward, include.",
      ParamSpec{.words = "alias forward include"}};
  Param<bool> biff{*this, "biff", "yes", "Tell comsat about new mail.", not_yet()};
  Param<bool> owner_request_special{*this, "owner_request_special", "yes",
      "Mail to list goes out in the name of owner-list, if there is such an alias."};
  Param<bool> expand_owner_alias{
      *this, "expand_owner_alias", "no", "Use what owner-list expands to as the envelope sender."};
  Param<bool> reset_owner_alias{
      *this, "reset_owner_alias", "no", "Give nested aliases without an owner the sender of the message."};
  Param<bool> frozen_delivered_to{
      *this, "frozen_delivered_to", "yes", "Keep Delivered-To: the same while aliases are expanded."};
  Param<bool> require_home_directory{
      *this, "require_home_directory", "no", "Defer mail for users whose home directory is not there."};
  Param<std::string> default_privs{*this, "default_privs", "nobody",
      "The user for files and commands that belong to root's aliases.", at_least(1)};
  Param<List> prepend_delivered_header{*this, "prepend_delivered_header", "command, file, forward",
      "Deliveries that add Delivered-To:.", ParamSpec{.words = "command file forward"}};
  Param<std::string> local_command_shell{
      *this, "local_command_shell", "", "The shell for commands; empty: only when a command needs one."};
  Param<std::string> command_execution_directory{
      *this, "command_execution_directory", "", "Where local runs commands.", kUnexpanded};
  Param<std::string> command_expansion_filter{*this, "command_expansion_filter",
      "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
      "Characters that may stay in the environment of commands.", at_least(1)};
  Param<std::string> execution_directory_expansion_filter{*this, "execution_directory_expansion_filter",
      "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
      "Characters that may stay in $names of command_execution_directory.", at_least(1)};
  Param<std::string> forward_expansion_filter{*this, "forward_expansion_filter",
      "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
      "Characters that may stay in $names of forward_path.", at_least(1)};
  Param<std::string> local_delivery_status_filter{*this, "local_delivery_status_filter",
      "$default_delivery_status_filter", "Tables that rewrite the status of local deliveries."};
};

}  // namespace postern::config
