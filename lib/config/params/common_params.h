// Who and where we are: names, addresses, directories, owners. Every program reads these.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct CommonParams : ParamGroup {
  Param<std::string> myhostname{*this, "myhostname", "",
      "The name of this mail system, with its domain. Default: what the host calls itself.", at_least(1)};
  Param<std::string> mydomain{*this, "mydomain", "",
      "The domain of this mail system. Default: myhostname without its first label.", at_least(1)};
  Param<std::string> myorigin{*this, "myorigin", "$myhostname",
      "The domain that is added to addresses without one; \"/file/name\": read it from there.", at_least(1)};
  Param<List> mynetworks{
      *this, "mynetworks", "", "The clients that may relay. Default: our own networks, by mynetworks_style."};
  Param<std::string> mynetworks_style{*this, "mynetworks_style",
      "${{$compatibility_level} <level {2} ? {subnet} : {host}}",
      "How the default of mynetworks is made from our addresses: host, subnet or class.",
      one_of("host subnet class")};
  Param<List> inet_interfaces{*this, "inet_interfaces", "all",
      "The addresses that mail is received on: all, loopback-only, or host names and addresses.",
      at_least(1)};
  Param<List> inet_protocols{
      *this, "inet_protocols", "all", "all, or ipv4 and ipv6.", one_of("all ipv4 ipv6")};

  Param<std::string> mail_name{*this, "mail_name", "Postern", "The name of this software, as peers see it."};
  Param<std::string> mail_version{*this, "mail_version", POSTERN_VERSION, "Its version."};
  Param<std::string> compatibility_level{*this, "compatibility_level", "3.6",
      "Defaults that changed over time are those of this level. Differs from Postfix, where it starts at 0."};
  Param<std::string> multi_instance_name{*this, "multi_instance_name", "", "The name of this instance."};
  Param<std::string> syslog_name{*this, "syslog_name",
      "${multi_instance_name?{$multi_instance_name}:{postfix}}",
      "What stands before the program name in the log; the default is what log parsers look for."};
  Param<std::string> syslog_facility{
      *this, "syslog_facility", "mail", "The facility of the system log.", not_yet()};
  Param<std::string> maillog_file{
      *this, "maillog_file", "", "Log to this file, or /dev/stdout, instead of the system log."};
  Param<std::string> maillog_file_permissions{*this, "maillog_file_permissions", "0600",
      "The mode of the log file, in octal: 0600, 0640 or 0644.", not_yet()};

  Param<std::string> config_directory{*this, "config_directory", "/etc/postern", "Where main.cf is."};
  Param<std::string> queue_directory{*this, "queue_directory", "/var/spool/postern",
      "The queue, and the root of programs that change theirs.", at_least(1)};
  Param<std::string> data_directory{
      *this, "data_directory", "/var/lib/postern", "Where mail_owner keeps caches.", at_least(1)};
  Param<std::string> daemon_directory{
      *this, "daemon_directory", "/usr/lib/postern", "The service programs.", at_least(1)};
  Param<std::string> command_directory{*this, "command_directory", "/usr/sbin", "The commands.", at_least(1)};
  Param<std::string> process_id_directory{
      *this, "process_id_directory", "pid", "Where master.pid is, below queue_directory."};
  Param<std::string> mail_owner{
      *this, "mail_owner", "postern", "The user that most programs run as.", at_least(1)};
  Param<std::string> setgid_group{*this, "setgid_group", "postdrop",
      "The group that may submit mail and talk to the queue.", at_least(1)};

  Param<std::string> service_name{*this, "service_name", "", "The service's name in master.cf.", kReadOnly};
  Param<std::string> process_name{*this, "process_name", "", "The program's name.", kReadOnly};
  Param<std::string> process_id{*this, "process_id", "", "The process id.", kReadOnly};
  Param<std::string> stress{*this, "stress", "", "\"yes\" in a process that was started under stress."};
  Param<bool> soft_bounce{*this, "soft_bounce", "no",
      "Answer 4xx for 5xx and defer instead of bouncing, while a configuration is being tried.", not_yet()};
};

}  // namespace postern::config
