#include "commands/queue/listing_text.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "commands/queue/times.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/mail/address.h"

namespace postern::commands {

namespace {

using ipc::Standing;

constexpr std::size_t kReasonEnd = 76;  // the column in which a reason ends, if it is that short
constexpr std::size_t kLongestText = 4000;

std::string padded(std::string_view text, std::size_t width) {
  return concat(text, std::string(width > text.size() ? width - text.size() : 0, ' '));
}

std::string shown(std::string_view text) { return printable(text, kLongestText); }

std::string address_text(std::string_view internal) { return shown(mail::shown_address(internal)); }

std::string sender_of(const ipc::QueuedMessage& message) {
  return message.sender.empty() ? "MAILER-DAEMON" : mail::shown_address(message.sender);
}

std::string row(bool long_id, std::string_view id, std::string_view size, std::string_view time,
                std::string_view address) {
  return concat(padded(id, long_id ? 17 : 11), " ", right(size, long_id ? 8 : 7), " ",
                padded(time, long_id ? 19 : 20), " ", address, "\n");
}

std::string json_recipient(const ipc::QueuedRecipient& recipient) {
  JsonObject object;
  object.add("address", mail::shown_address(recipient.address));
  if (!recipient.reason.empty()) object.add("delay_reason", recipient.reason);
  if (!iequals(recipient.original, recipient.address) && !recipient.original.empty()) {
    object.add("original", mail::shown_address(recipient.original));
  }
  if (!recipient.dsn.empty()) object.add("dsn", recipient.dsn);
  if (!recipient.transport.empty())
    object.add("transport", recipient.transport).add("nexthop", recipient.nexthop);
  return object.text();
}

std::string count_of(std::int64_t number, std::string_view what) {
  return concat(number, " ", what, number == 1 ? "" : "s");
}

std::string standing_text(const ipc::QueuedMessage& message, std::int64_t now) {
  std::string text(queue_of(message.standing));
  if (message.attempts > 0) text += ", " + count_of(message.attempts, "attempt");
  if (message.due != 0) {
    text += message.due <= now
                ? ", next attempt now"
                : concat(", next attempt in ", age_text(message.due - now), " at ", date_text(message.due));
  }
  if (message.forced_expire) text += ", will be returned at the next attempt";
  return text;
}

std::string client_text(const ipc::QueuedMessage& message) {
  std::string text;
  if (!message.client_address.empty())
    text = concat(" from ", message.client_name, "[", message.client_address, "]");
  if (!message.sasl_username.empty()) text += concat(", user ", message.sasl_username);
  return text;
}

std::string recipient_text(const ipc::QueuedRecipient& recipient) {
  std::string text = concat("  to <", address_text(recipient.address), ">");
  if (!recipient.original.empty() && !iequals(recipient.original, recipient.address)) {
    text += concat(", orig_to <", address_text(recipient.original), ">");
  }
  text += "\n";
  if (recipient.reason.empty() && recipient.transport.empty()) return text;
  text += "    ";
  if (!recipient.transport.empty()) {
    text += shown(recipient.transport);
    if (!recipient.nexthop.empty()) text += ":" + shown(recipient.nexthop);
    text += ": ";
  }
  if (!recipient.dsn.empty()) text += shown(recipient.dsn) + " ";
  return concat(text, shown(recipient.reason), "\n");
}

}  // namespace

std::string right(std::string_view text, std::size_t width) {
  return concat(std::string(width > text.size() ? width - text.size() : 0, ' '), text);
}

std::string_view queue_of(Standing standing) {
  switch (standing) {
    case Standing::active: return "active";
    case Standing::held: return "hold";
    default: return "deferred";
  }
}

void for_each_entry(const ipc::QueuePage& page, const std::function<std::string(std::int64_t)>& id_text,
                    bool long_ids, const std::function<void(const Entry&)>& function) {
  auto at = page.recipients.begin();
  for (const auto& message : page.messages) {
    const auto end = std::find_if(at, page.recipients.end(), [&](const auto& recipient) {
      return recipient.queue_id != message.queue_id;
    });
    function({message, {at, end}, id_text(message.queue_id), long_ids});
    at = end;
  }
}

std::string table_head(bool long_ids) {
  return long_ids
             ? row(true, "----Queue ID-----", "--Size--", "---Arrival Time----", "--Sender/Recipient------")
             : row(false, "-Queue ID-", "--Size--", "----Arrival Time----", "-Sender/Recipient-------");
}

std::string table_entry(const Entry& entry) {
  const ipc::QueuedMessage& message = entry.message;
  std::string id = entry.id;
  if (message.standing == Standing::active) id += '*';
  if (message.standing == Standing::held) id += '!';
  if (message.forced_expire) id += '#';
  const std::time_t arrived = message.arrived / 1'000'000;
  std::tm local{};
  char time[32];
  std::strftime(time, sizeof time, "%a %b %e %H:%M:%S ", ::localtime_r(&arrived, &local));
  const std::string_view when(time, entry.long_id ? 19 : 20);
  std::string text = row(entry.long_id, id, std::to_string(message.size), when, shown(sender_of(message)));
  std::string_view reason;
  for (const auto& recipient : entry.recipients) {
    if (recipient.reason != reason) {
      reason = recipient.reason;
      const std::string words = reason.empty() ? "reason unavailable" : shown(reason);
      text +=
          right("", kReasonEnd > words.size() ? kReasonEnd - words.size() : 0) + concat("(", words, ")\n");
    }
    text += row(entry.long_id, "", "", "", address_text(recipient.address));
  }
  return text + "\n";
}

std::string table_foot(std::int64_t bytes, std::int64_t messages) {
  return concat("-- ", bytes / 1024, " Kbytes in ", messages, messages == 1 ? " Request.\n" : " Requests.\n");
}

std::string json_entry(const Entry& entry) {
  const ipc::QueuedMessage& message = entry.message;
  JsonArray recipients;
  for (const auto& recipient : entry.recipients) recipients.put(json_recipient(recipient));
  JsonObject object;
  object.add("queue_name", queue_of(message.standing)).add("queue_id", entry.id);
  object.add_number("arrival_time", message.arrived / 1'000'000).add_number("message_size", message.size);
  object.put("forced_expire", message.forced_expire ? "true" : "false").add("sender", sender_of(message));
  object.put("recipients", recipients.text());
  object.add_number("attempts", message.attempts);
  object.put("next_attempt", message.due == 0 ? "null" : std::to_string(message.due / 1'000'000));
  object.add_number("recipient_count", message.recipients);
  object.add("message_id", message.message_id).add("subject", message.subject);
  object.add("client_name", message.client_name).add("client_address", message.client_address);
  object.add("sasl_username", message.sasl_username);
  return object.text() + "\n";
}

std::string long_entry(const Entry& entry, std::int64_t now) {
  const ipc::QueuedMessage& message = entry.message;
  std::string text = concat(entry.id, "  ", standing_text(message, now), "\n");
  text += concat("  from <", address_text(message.sender), ">, ", message.size, " bytes, arrived ",
                 date_text(message.arrived), " (", age_text(now - message.arrived), " ago)",
                 shown(client_text(message)), "\n");
  if (!message.message_id.empty()) text += concat("  message-id ", shown(message.message_id), "\n");
  if (!message.subject.empty()) text += concat("  subject ", shown(message.subject), "\n");
  for (const auto& recipient : entry.recipients) text += recipient_text(recipient);
  const auto rest = message.recipients - static_cast<std::int64_t>(entry.recipients.size());
  if (rest > 0) text += concat("  and ", count_of(rest, "more recipient"), "\n");
  return text;
}

}  // namespace postern::commands
