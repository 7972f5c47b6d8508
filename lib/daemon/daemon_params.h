// The parameters that every child of master reads.
#pragma once

#include <string>

#include "lib/config/param.h"

namespace postern::daemon {

struct DaemonParams : config::ParamGroup {
  config::Param<std::string> queue_directory{
      *this,
      "queue_directory",
      "/var/spool/postern",
      "Where the queue is, and what a chrooted child sees as its root.",
      {.min = 1}};
  config::Param<std::string> mail_owner{*this,
                                        "mail_owner",
                                        "postfix",
                                        "The user that owns the queue and that most children become.",
                                        {.min = 1}};
  config::Param<std::string> syslog_name{*this,
                                         "syslog_name",
                                         "${multi_instance_name?{$multi_instance_name}:{postfix}}",
                                         "What log lines start with, in front of a slash and the program.",
                                         {.min = 1}};
  config::Param<std::string> hostname{*this, "myhostname", "", "The host as named in log lines of a file."};
  config::Param<config::Seconds> max_idle{
      *this,
      "max_idle",
      "100s",
      "A child without a connection leaves after this time, unless its process limit is 1.",
      {.min = 1}};
  config::Param<int> max_use{
      *this,
      "max_use",
      "100",
      "Connections that a child serves before it leaves. In force where process_session_limit is 1.",
      {.min = 1}};
  config::Param<config::Seconds> daemon_timeout{*this,
                                                "daemon_timeout",
                                                "18000s",
                                                "A child that does not come round for this time is ended.",
                                                {.min = 1}};
  config::Param<int> session_limit{
      *this,
      "process_session_limit",
      "2000",
      "Sessions that one process holds at a time; 1 gives each session a process of its own.",
      {.min = 1, .max = 100000}};
  config::Param<bool> jail{*this, "daemon_jail", "yes",
                           "Landlock, no-new-privs and a filter of system calls for each child. Turn it off "
                           "only to find a fault."};
};

}  // namespace postern::daemon
