// What is in the queue, page by page: for whoever looks at it. A page is bounded in what it holds and in how long it takes,
// however long the queue and whatever the condition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/queue/condition.h"
#include "lib/queue/database.h"
#include "lib/queue/message.h"

namespace postern::queue {

struct PageLimits {
  std::size_t messages = 100;
  std::size_t recipients =
      10'000;                    // of one message; a page ends behind the message that brings it to so many
  std::size_t bytes = 4u << 20;  // of texts: a page ends behind the message that brings it to so many
  milliseconds time{40};         // for looking: a page ends, found anything or not
};

// A message with its waiting recipients, without its content.
struct Listed {
  Message message;
  std::int64_t due = 0;  // wall microseconds; 0: active or held
  bool active = false;
  std::int64_t recipients = 0;  // in all; message.recipients may be fewer
};

struct Page {
  std::vector<Listed> messages;
  std::int64_t next = 0;  // the last queue id that was looked at
  bool more = false;
};

struct IdPage {
  std::vector<std::int64_t> ids;
  std::int64_t next = 0;
  bool more = false;
};

// Messages behind the queue id `after` that fit, by queue id. Fails with io.
Result<Page> list_page(Database& database, const Condition& condition, std::int64_t after,
                       const PageLimits& limits);

// Their queue ids alone.
Result<IdPage> list_ids(Database& database, const Condition& condition, std::int64_t after,
                        const PageLimits& limits);

// One message, without its content. Fails with not_found, io.
Result<Listed> find_message(Database& database, std::int64_t id, const PageLimits& limits = {});

}  // namespace postern::queue
