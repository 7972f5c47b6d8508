// A message of the queue as text: in Postfix's table, as JSON, and at length.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "lib/ipc/messages/queue.h"

namespace postern::commands {

// A message with its recipients.
struct Entry {
  const ipc::QueuedMessage& message;
  std::span<const ipc::QueuedRecipient> recipients;
  std::string id;        // as it is shown
  bool long_id = false;  // it has the long form
};

// active, deferred or hold, as Postfix calls the queue.
std::string_view queue_of(ipc::Standing standing);

// Calls a function with each message of a page.
void for_each_entry(const ipc::QueuePage& page, const std::function<std::string(std::int64_t)>& id_text,
                    bool long_ids, const std::function<void(const Entry&)>& function);

// A text at the right of a column of that many bytes.
std::string right(std::string_view text, std::size_t width);

// The line above Postfix's table.
std::string table_head(bool long_ids);
// What stands there for a message: id, size, time and sender, then each recipient below the reason why it waits. An empty line
// ends it.
std::string table_entry(const Entry& entry);
// "-- 5 Kbytes in 2 Requests."
std::string table_foot(std::int64_t bytes, std::int64_t messages);

// One line, an object with the names of Postfix's `postqueue -j`, and then ours.
std::string json_entry(const Entry& entry);

// All that is known, with the next attempt and the last reply. `now` in wall microseconds.
std::string long_entry(const Entry& entry, std::int64_t now);

}  // namespace postern::commands
