#include "commands/postern/story.h"

#include <algorithm>

namespace postern::commands {

namespace {

constexpr std::size_t kMostSessions = 100'000;

StoryLine line_of(const LogLine& line) {
  return {std::string(line.time), std::string(line.program), std::string(line.text), line.process};
}

std::string name_of(const Relation& relation) {
  switch (relation.kind) {
    case Relation::Kind::notification: return std::string(relation.words);
    case Relation::Kind::forwarded: return "forwarded";
    default: return "passed on";
  }
}

std::string_view value_behind(std::string_view text, std::string_view word, std::string_view end) {
  if (!text.starts_with(word)) return {};
  text.remove_prefix(word.size());
  return text.substr(0, text.find(end));
}

}  // namespace

Story::Story(std::int64_t id) : first_(id) {}

void Story::relate(std::string_view text) {
  const auto line = parse_log_line(text);
  const auto relation = line ? relation_in(*line) : std::nullopt;
  if (!relation || related_.size() > 1'000'000) return;
  const bool is_younger = relation->kind == Relation::Kind::origin;
  const std::int64_t elder = is_younger ? relation->other : line->id;
  const std::int64_t younger = is_younger ? line->id : relation->other;
  related_.emplace(elder, std::pair(younger, name_of(*relation)));
  elder_.emplace(younger, elder);
}

// Those that belong to the first one, by way of others, in the order in which they are found.
void Story::begin() {
  const auto take = [this](std::int64_t id, std::int64_t of, const std::string& relation) {
    if (messages_.size() >= kMostMessages || messages_.contains(id)) return;
    StoryMessage& message = messages_[id];
    message.id = id;
    message.of = of;
    message.relation = relation;
    order_.push_back(id);
  };
  // The one from which all come; the line of ancestors of one that comes from nothing is short.
  std::int64_t eldest = first_;
  for (std::size_t i = 0; i < kMostMessages; ++i) {
    const auto elder = elder_.find(eldest);
    if (elder == elder_.end() || elder->second == first_) break;
    eldest = elder->second;
  }
  take(eldest, 0, "");
  for (std::size_t at = 0; at < order_.size(); ++at) {
    const std::int64_t id = order_[at];
    const auto [from, to] = related_.equal_range(id);
    for (auto each = from; each != to; ++each) take(each->second.first, id, each->second.second);
  }
  take(first_, 0, "");
}

void Story::remember_session(const LogLine& line) {
  const auto connected = client_in(line.text, "connect from ");
  if (!connected.empty() && sessions_.size() < kMostSessions) {
    sessions_[{line.process, std::string(connected)}] = {line_of(line), {}};
    return;
  }
  const auto ended = client_in(line.text, "disconnect from ");
  if (!ended.empty()) end_session(line, ended);
}

void Story::end_session(const LogLine& line, std::string_view client) {
  const auto session = sessions_.find({line.process, std::string(client)});
  if (session == sessions_.end()) return;
  for (const std::int64_t id : session->second.messages) messages_[id].lines.push_back(line_of(line));
  sessions_.erase(session);
}

void Story::add(StoryMessage& message, const LogLine& line) {
  const auto client = client_in(line.text, "client=");
  const auto session = sessions_.find({line.process, std::string(client)});
  if (!client.empty() && session != sessions_.end()) {
    message.lines.push_back(session->second.line);
    session->second.messages.push_back(message.id);
  }
  if (message.lines.size() < kMostLines) message.lines.push_back(line_of(line));
  if (line.text.starts_with("removed")) message.removed = true;
  if (line.text.starts_with("from=<") && line.text.find(", size=") != line.text.npos) {
    message.sender = value_behind(line.text, "from=<", ">");
    const auto size = line.text.substr(line.text.find("size="));
    message.size = value_behind(size, "size=", ",");
  }
  const auto delivery = delivery_in(line.text);
  if (!delivery) return;
  auto known = std::find_if(message.recipients.begin(), message.recipients.end(),
                            [&](const StoryRecipient& each) { return each.address == delivery->recipient; });
  if (known == message.recipients.end()) {
    if (message.recipients.size() >= kMostLines) return;
    known = message.recipients.insert(
        known, StoryRecipient{std::string(delivery->recipient), "", "", "", "", "", 0});
  }
  known->status = delivery->status;
  known->relay = delivery->relay;
  known->delay = delivery->delay;
  known->dsn = delivery->dsn;
  known->reason = delivery->reason;
  ++known->attempts;
}

void Story::tell(std::string_view text) {
  const auto line = parse_log_line(text);
  if (!line) return;
  if (line->id == 0) return remember_session(*line);
  const auto message = messages_.find(line->id);
  if (message != messages_.end()) add(message->second, *line);
}

std::vector<StoryMessage> Story::messages() const {
  std::vector<StoryMessage> all;
  for (const std::int64_t id : order_) {
    const StoryMessage& message = messages_.at(id);
    // A name in a reply of another host is no message of ours.
    if (!message.lines.empty() || id == first_) all.push_back(message);
  }
  return all;
}

}  // namespace postern::commands
