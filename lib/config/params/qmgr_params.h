// The parameters that qmgr reads: the queue, and its schedule.
#pragma once

#include "lib/config/param.h"
#include "lib/config/params/limit_params.h"

namespace postern::config {

struct QmgrParams : ParamGroup {
  Param<Seconds> maximal_queue_lifetime{*this, "maximal_queue_lifetime", "5d",
      "How long a message is tried before it is returned; 0: once.", at_most(100 * 86400)};
  Param<Seconds> bounce_queue_lifetime{*this, "bounce_queue_lifetime", "5d",
      "The same for a message from the null sender.", at_most(100 * 86400)};
  Param<Seconds> minimal_backoff_time{*this, "minimal_backoff_time", "300s",
      "The least time between two attempts; also how long a dead destination rests.", at_least(1)};
  Param<Seconds> maximal_backoff_time{
      *this, "maximal_backoff_time", "4000s", "The most time between two attempts.", at_least(1)};
  Param<Seconds> queue_run_delay{
      *this, "queue_run_delay", "300s", "The longest time between looks for mail that is due.", at_least(1)};
  Param<int> message_active_limit{
      *this, "qmgr_message_active_limit", "20000", "Messages in memory at a time.", at_least(1)};
  Param<int> message_recipient_limit{
      *this, "qmgr_message_recipient_limit", "20000", "Recipients in memory at a time.", at_least(1)};
  Param<int> queue_inline_limit{*this, "queue_inline_limit", "65536",
      "Content up to this size is kept in the queue database; larger content is a file of its own.",
      at_most(16 << 20)};
  Param<std::int64_t> queue_minfree{*this, "queue_minfree", "0",
      "Free bytes that the queue's file system must have for mail to be taken.", at_most(kLargestSize)};
  Param<int> destination_concurrency_limit{*this, "default_destination_concurrency_limit", "20",
      "Deliveries to one destination at a time; 0: no limit."};
  Param<int> destination_recipient_limit{
      *this, "default_destination_recipient_limit", "50", "Recipients in one delivery; 0: no limit."};
  Param<int> initial_destination_concurrency{*this, "initial_destination_concurrency", "5",
      "Deliveries at a time to a destination that is new.", at_least(1)};
  Param<int> destination_concurrency_failed_cohort_limit{*this,
      "default_destination_concurrency_failed_cohort_limit", "1",
      "Rounds of failed sessions after which a destination is dead; 0: never."};
  Param<std::string> destination_concurrency_negative_feedback{*this,
      "default_destination_concurrency_negative_feedback", "1",
      "How much a failure takes from the concurrency."};
  Param<std::string> destination_concurrency_positive_feedback{
      *this, "default_destination_concurrency_positive_feedback", "1", "How much a success adds to it."};
  Param<Seconds> destination_rate_delay{
      *this, "default_destination_rate_delay", "0s", "Time between deliveries to one destination."};
  Param<Seconds> transport_rate_delay{
      *this, "default_transport_rate_delay", "0s", "Time between deliveries through one transport."};
  Param<std::string> filter_nexthop{
      *this, "default_filter_nexthop", "", "The next hop of a content filter that names none."};
  Param<Seconds> transport_retry_time{
      *this, "transport_retry_time", "60s", "How long a transport rests that did not answer.", at_least(1)};
  Param<List> defer_transports{*this, "defer_transports", "", "Transports that deliver only when asked to."};
  Param<Seconds> delay_warning_time{
      *this, "delay_warning_time", "0h", "When the sender is told that a message is late; 0: never."};
};

// SERVICE_destination_concurrency_limit and the like: what one transport has of its own.
struct TransportParams : ParamGroup {
  explicit TransportParams(const std::string& transport)
      : concurrency_limit{*this, transport + "_destination_concurrency_limit",
            "$default_destination_concurrency_limit",
            "Deliveries to one destination at a time; 0: no limit."},
        recipient_limit{*this, transport + "_destination_recipient_limit",
            "$default_destination_recipient_limit", "Recipients in one delivery; 0: no limit."},
        initial_concurrency{*this, transport + "_initial_destination_concurrency",
            "$initial_destination_concurrency", "Deliveries at a time to a destination that is new.",
            at_least(1)},
        failed_cohort_limit{*this, transport + "_destination_concurrency_failed_cohort_limit",
            "$default_destination_concurrency_failed_cohort_limit",
            "Rounds of failed sessions after which a destination is dead; 0: never."},
        negative_feedback{*this, transport + "_destination_concurrency_negative_feedback",
            "$default_destination_concurrency_negative_feedback",
            "How much a failure takes from the concurrency."},
        positive_feedback{*this, transport + "_destination_concurrency_positive_feedback",
            "$default_destination_concurrency_positive_feedback", "How much a success adds to it."},
        destination_rate_delay{*this, transport + "_destination_rate_delay",
            "$default_destination_rate_delay", "Time between deliveries to one destination."},
        transport_rate_delay{*this, transport + "_transport_rate_delay", "$default_transport_rate_delay",
            "Time between deliveries through the transport."} {}

  Param<int> concurrency_limit, recipient_limit, initial_concurrency, failed_cohort_limit;
  Param<std::string> negative_feedback, positive_feedback;
  Param<Seconds> destination_rate_delay, transport_rate_delay;
};

}  // namespace postern::config
