// The story of a message, as the log tells it: from the connection on which it came to what became of each recipient, with
// the notifications that it caused and the messages that it was forwarded as.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "commands/postern/log_line.h"

namespace postern::commands {

struct StoryLine {
  std::string time, program, text;
  std::int64_t process = 0;
};

struct StoryRecipient {
  std::string address, status, relay, delay, dsn, reason;  // of the last attempt
  int attempts = 0;
};

struct StoryMessage {
  std::int64_t id = 0;
  std::int64_t of = 0;   // the message that it comes from; 0: the first one
  std::string relation;  // "sender non-delivery notification", "forwarded"
  std::string sender, size;
  std::vector<StoryLine> lines;
  std::vector<StoryRecipient> recipients;  // in the order of the log
  bool removed = false;                    // it has left the queue
};

class Story {
 public:
  static constexpr std::size_t kMostMessages = 100;
  static constexpr std::size_t kMostLines = 20'000;  // of one message

  explicit Story(std::int64_t id);

  // The log is read twice: first for who belongs to whom, then for what they say.
  void relate(std::string_view line);
  void begin();  // between the two
  void tell(std::string_view line);

  // The messages, each behind that which it comes from. After both readings.
  std::vector<StoryMessage> messages() const;

 private:
  void remember_session(const LogLine& line);
  void end_session(const LogLine& line, std::string_view client);
  void add(StoryMessage& message, const LogLine& line);

  std::int64_t first_;
  std::multimap<std::int64_t, std::pair<std::int64_t, std::string>>
      related_;  // from the elder to the younger
  std::multimap<std::int64_t, std::int64_t> elder_;
  std::vector<std::int64_t> order_;
  std::map<std::int64_t, StoryMessage> messages_;
  // Connections that are open, by process and client: the line that began it, and the message that came on it.
  struct Session {
    StoryLine line;
    std::vector<std::int64_t> messages;
  };
  std::map<std::pair<std::int64_t, std::string>, Session> sessions_;
};

}  // namespace postern::commands
