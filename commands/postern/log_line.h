// A line of the mail log, taken apart: who wrote it when, about which message, and what it says of others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::commands {

struct LogLine {
  std::string_view time;     // as it is written: "Nov 23 04:05:06", or the form of RFC 3339
  std::string_view program;  // behind the last slash of the tag: smtpd
  std::int64_t process = 0;
  std::string_view text;  // behind the queue id, if there is one
  std::int64_t id = 0;    // the queue id in front, as a number; 0: none
};

// Nothing when it is no line that a mail program writes. The parts are of the line.
std::optional<LogLine> parse_log_line(std::string_view line);

// What a line says of another message.
struct Relation {
  std::int64_t other = 0;
  enum class Kind { notification, forwarded, queued, origin } kind = Kind::queued;
  std::string_view words;  // "sender non-delivery notification"
};
// Of a line with a queue id: a notification that it caused, a message that it was forwarded as, or went on as by way of a
// content filter, or (origin) that it comes from.
std::optional<Relation> relation_in(const LogLine& line);

// "NAME[ADDRESS]" behind "connect from ", "disconnect from " or "client="; empty: the line has none.
std::string_view client_in(std::string_view text, std::string_view word);

// What became of a recipient: a line "to=<…>, …, status=… (…)".
struct DeliveryLine {
  std::string_view recipient, relay, delay, dsn, status, reason;
};
std::optional<DeliveryLine> delivery_in(std::string_view text);

}  // namespace postern::commands
