#include "commands/postern/trace.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

#include "commands/postern/story.h"
#include "commands/queue/access.h"
#include "commands/queue/listing_text.h"
#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mail/queue_id.h"

namespace postern::commands {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestLine = 16 * 1024;

struct TraceRequest {
  std::int64_t id = 0;
  std::vector<std::string> logs;
  bool json = false;
};

Result<TraceRequest> parse_trace(const std::vector<std::string>& all) {
  Words words(all);
  TraceRequest request;
  request.json = words.flag("--json");
  auto logs = words.values("--log");
  if (!logs) return fail(logs.error());
  request.logs = std::move(*logs);
  const auto rest = words.rest(1);
  if (!rest) return fail(rest.error());
  if (rest->empty()) return fail(Errc::invalid, "say which message: postern trace QUEUE-ID");
  const auto id = mail::parse_queue_id(rest->front());
  if (!id) return fail(Errc::invalid, concat("bad queue id: ", printable(rest->front(), 100)));
  request.id = id->number();
  return request;
}

// A log and what was rotated away from it (NAME.1, NAME-20261123), the oldest first. Compressed ones are left out.
std::vector<std::string> with_rotations(const std::string& path) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  std::error_code error;
  const fs::path file(path);
  const std::string name = file.filename();
  for (const auto& entry :
       fs::directory_iterator(file.parent_path().empty() ? "." : file.parent_path(), error)) {
    const std::string other = entry.path().filename();
    const bool is_ours = other.starts_with(name) && (other.size() == name.size() ||
                                                     other[name.size()] == '.' || other[name.size()] == '-');
    const std::string ending = entry.path().extension();
    const bool is_compressed = ending == ".gz" || ending == ".xz" || ending == ".bz2" || ending == ".zst";
    std::error_code unknown;
    if (is_ours && !is_compressed && entry.is_regular_file(unknown)) {
      found.emplace_back(entry.last_write_time(unknown), entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (auto& [time, each] : found) paths.push_back(std::move(each));
  return paths;
}

std::vector<std::string> logs_of(const TraceRequest& request, const QueueAccess& access) {
  if (!request.logs.empty()) return request.logs;
  const std::string& file = *access.system().common().maillog_file;
  if (!file.empty() && file != "/dev/stdout") return with_rotations(file);
  for (const char* path : {"/var/log/mail.log", "/var/log/maillog"}) {
    auto paths = with_rotations(path);
    if (!paths.empty()) return paths;
  }
  return {};
}

Result<void> for_each_line(const std::string& path, const std::function<void(std::string_view)>& function) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno(concat("open log ", path), errno);
  std::string line;
  while (std::getline(file, line)) function(std::string_view(line).substr(0, kLongestLine));
  return {};
}

Result<Story> read_story(const TraceRequest& request, const std::vector<std::string>& logs) {
  Story story(request.id);
  for (const auto& path : logs) {
    auto read = for_each_line(path, [&story](std::string_view line) { story.relate(line); });
    if (!read) return fail(read.error());
  }
  story.begin();
  for (const auto& path : logs) {
    auto read = for_each_line(path, [&story](std::string_view line) { story.tell(line); });
    if (!read) return fail(read.error());
  }
  return story;
}

// What of it is in the queue now.
Result<ipc::QueuePage> in_queue(const QueueAccess& access, const std::vector<StoryMessage>& messages) {
  auto desk = access.desk(QueueAccess::Purpose::view);
  if (!desk) return fail(desk.error());
  ipc::ListQueue question;
  for (const auto& message : messages) {
    question.where +=
        concat(question.where.empty() ? "id in (" : ", ", mail::QueueId(message.id).short_text());
  }
  question.where += ")";
  question.most = static_cast<int>(messages.size());
  ipc::QueuePage all;
  for (bool more = true; more;) {
    auto page = (*desk)->list(question);
    if (!page) return page;
    all.messages.insert(all.messages.end(), page->messages.begin(), page->messages.end());
    all.recipients.insert(all.recipients.end(), page->recipients.begin(), page->recipients.end());
    question.after = page->next;
    more = page->more && all.messages.size() < messages.size();
  }
  return all;
}

class Telling {
 public:
  Telling(const QueueAccess& access, const ipc::QueuePage& queue) : access_(access) {
    for_each_entry(
        queue, [this](std::int64_t id) { return access_.id_text(id); }, false,
        [this](const Entry& entry) {
          texts_[entry.message.queue_id] = long_entry(entry, wall_micros());
          objects_[entry.message.queue_id] = std::string(trim(json_entry(entry)));
        });
  }

  std::string text(const StoryMessage& message) const {
    std::string text = access_.id_text(message.id);
    if (message.of != 0)
      text += concat(": ", printable(message.relation), " of ", access_.id_text(message.of));
    text += "\n";
    for (const StoryLine& line : message.lines) {
      text += concat("  ", printable(line.time, 40), " ", printable(line.program, 40), "[", line.process,
                     "] ", printable(line.text, 4000), "\n");
    }
    for (const StoryRecipient& each : message.recipients) {
      text += concat("  => ", printable(each.address), ": ", printable(each.status), ", ", each.attempts,
                     each.attempts == 1 ? " attempt, " : " attempts, ", printable(each.reason), "\n");
    }
    const auto queued = texts_.find(message.id);
    if (queued != texts_.end()) return concat(text, "  in the queue: ", queued->second);
    return concat(text, message.removed ? "  no longer in the queue\n" : "  not in the queue\n");
  }

  std::string json(const StoryMessage& message) const {
    JsonArray lines, recipients;
    for (const StoryLine& line : message.lines) {
      JsonObject object;
      object.add("time", line.time).add("program", line.program).add_number("process", line.process);
      lines.put(object.add("text", line.text).text());
    }
    for (const StoryRecipient& each : message.recipients) {
      JsonObject object;
      object.add("address", each.address).add("status", each.status).add("relay", each.relay);
      object.add("delay", each.delay).add("dsn", each.dsn).add("reason", each.reason);
      recipients.put(object.add_number("attempts", each.attempts).text());
    }
    JsonObject object;
    object.add("queue_id", access_.id_text(message.id));
    if (message.of != 0) object.add("relation", message.relation).add("of", access_.id_text(message.of));
    object.add("sender", message.sender)
        .add("size", message.size)
        .put("removed", message.removed ? "true" : "false");
    object.put("recipients", recipients.text()).put("log", lines.text());
    const auto queued = objects_.find(message.id);
    object.put("queue", queued == objects_.end() ? "null" : queued->second);
    return object.text();
  }

 private:
  const QueueAccess& access_;
  std::map<std::int64_t, std::string> texts_, objects_;
};

}  // namespace

Result<int> trace(const Arguments& arguments) {
  auto request = parse_trace(arguments.words);
  if (!request) return fail(request.error());
  // We are about to go to the queue directory.
  for (std::string& path : request->logs) path = fs::absolute(path);
  const auto access = QueueAccess::open(arguments.directory);
  if (!access) return fail(access.error());
  const auto logs = logs_of(*request, *access);
  const auto story = read_story(*request, logs);
  if (!story) return fail(story.error());
  const auto messages = story->messages();
  const auto queue = in_queue(*access, messages);
  if (!queue)
    std::fprintf(stderr, "postern: warning: the queue: %s\n", printable(queue.error().text).c_str());
  const bool is_known =
      std::any_of(messages.begin(), messages.end(), [](const auto& each) { return !each.lines.empty(); });
  if (!is_known && (!queue || queue->messages.empty())) {
    return fail(Errc::not_found,
                concat("neither the queue nor the log knows a message ", access->id_text(request->id),
                       logs.empty() ? " (no log was found: --log FILE names one)" : ""));
  }
  const Telling telling(*access, queue ? *queue : ipc::QueuePage());
  std::string text;
  JsonArray objects;
  for (const StoryMessage& message : messages) {
    if (request->json) objects.put(telling.json(message));
    if (!request->json) text += concat(text.empty() ? "" : "\n", telling.text(message));
  }
  if (request->json) text = objects.text() + "\n";
  auto written = write_all(STDOUT_FILENO, text, "standard output");
  if (!written && written.error().kind != Errc::lost) return fail(written.error());
  return EXIT_SUCCESS;
}

}  // namespace postern::commands
