// The parameters of delivery status notifications.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct BounceParams : ParamGroup {
  Param<int> bounce_size_limit{*this, "bounce_size_limit", "50000",
      "Bytes of the original message that a notification carries; of a larger one it carries the header.",
      at_least(1)};
  Param<std::string> bounce_template_file{
      *this, "bounce_template_file", "", "A file with texts of delivery status notifications."};
  Param<List> notify_classes{
      *this, "notify_classes", "resource, software", "Which problems the postmaster is told about."};
  Param<std::string> bounce_notice_recipient{*this, "bounce_notice_recipient", "postmaster",
      "Who gets copies of bounced headers, when notify_classes has bounce.", at_least(1)};
  Param<std::string> delay_notice_recipient{*this, "delay_notice_recipient", "postmaster",
      "Who gets copies of late headers, when notify_classes has delay.", at_least(1)};
  Param<std::string> double_bounce_notice_recipient{*this, "2bounce_notice_recipient", "postmaster",
      "Who gets undeliverable bounces, when notify_classes has 2bounce.", at_least(1)};
  Param<std::string> double_bounce_sender{*this, "double_bounce_sender", "double-bounce",
      "The sender of notifications to the postmaster; mail to it is dropped.", at_least(1)};
  Param<bool> enable_threaded_bounces{*this, "enable_threaded_bounces", "no",
      "Refer to the original message in notifications, so that readers group them."};
};

}  // namespace postern::config
