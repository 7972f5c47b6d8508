#include "commands/postcat/postcat.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "commands/queue/listing_text.h"
#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

namespace postern::commands {

namespace {

constexpr std::size_t kChunk = 64 * 1024;

Result<void> write(std::string_view text) { return write_all(STDOUT_FILENO, text, "standard output"); }

// Calls a function with each part of the spool file.
template <class Function>
Result<void> for_each_part(const Fd& spool, Function function) {
  std::string buffer(kChunk, '\0');
  for (off_t at = 0; spool;) {
    const ssize_t n = ::pread(spool.get(), buffer.data(), buffer.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read a spool file", errno);
    if (n == 0) break;
    auto taken = function(std::string_view(buffer).substr(0, static_cast<std::size_t>(n)));
    if (!taken) return taken;
    at += n;
  }
  return {};
}

bool is_header_line(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == line.npos || colon == 0) return false;
  auto name = line.substr(0, colon);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 127) return false;
  }
  return !name.empty();
}

// Content as it comes, with the place of each line in front if that is asked for.
class Writer {
 public:
  Writer(bool offsets, std::size_t at) : offsets_(offsets), at_(at) {}

  Result<void> add(std::string_view part) {
    if (!offsets_) return write(part);
    std::string text;
    while (!part.empty()) {
      const auto end = std::min(part.find('\n'), part.size() - 1) + 1;
      if (at_line_start_) text += place();
      text += part.substr(0, end);
      at_line_start_ = text.back() == '\n';
      at_ += end;
      part.remove_prefix(end);
    }
    return write(text);
  }

 private:
  std::string place() const {
    char out[32];
    std::snprintf(out, sizeof out, "%9zu ", at_);
    return out;
  }

  bool offsets_;
  std::size_t at_;
  bool at_line_start_ = true;
};

std::string long_time(std::int64_t wall) {
  const std::time_t moment = wall / 1'000'000;
  std::tm local{};
  char text[40];
  std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", ::localtime_r(&moment, &local));
  return text;
}

std::string field(std::string_view name, std::string_view value) {
  return concat(name, ": ", printable(value, 4000), "\n");
}

std::string attribute(std::string_view name, std::string_view value) {
  return value.empty() ? std::string() : field("named_attribute", concat(name, "=", value));
}

std::string envelope(const ipc::MessageRead& read) {
  const ipc::QueuedMessage& message = read.message;
  std::string text = field("message_size", std::to_string(message.size));
  text += field("message_arrival_time", long_time(message.arrived));
  if (message.due != 0) text += field("next_attempt_time", long_time(message.due));
  text += field("attempts", std::to_string(message.attempts));
  if (message.forced_expire) text += field("forced_expire", "yes");
  text +=
      attribute("log_client_name", read.client.name) + attribute("log_client_address", read.client.address);
  if (read.client.port != 0) text += attribute("log_client_port", std::to_string(read.client.port));
  text += attribute("log_helo_name", read.client.helo) + attribute("log_protocol_name", read.client.protocol);
  text += attribute("sasl_method", read.client.sasl_method) +
          attribute("sasl_username", read.client.sasl_username);
  text += attribute("sasl_sender", read.client.sasl_sender) + attribute("envelope_id", read.envid);
  text += attribute("ret_flags", read.ret) + attribute("body_type", read.body_type);
  if (read.smtputf8) text += attribute("smtputf8", "yes");
  text += field("sender", message.sender);
  for (const auto& recipient : read.recipients) {
    text += attribute("dsn_orig_rcpt", recipient.orcpt) + attribute("notify_flags", recipient.notify);
    if (!recipient.original.empty()) text += field("original_recipient", recipient.original);
    text += field("recipient", recipient.address);
    if (!recipient.reason.empty()) text += field("reason", concat(recipient.dsn, " ", recipient.reason));
  }
  return text;
}

Result<void> show_json(const ipc::MessageRead& read, const std::string& id, const CatRequest& request) {
  const std::size_t header = header_size(read.content);
  std::string body = read.content.substr(header);
  if (request.body) {
    auto done = for_each_part(read.spool, [&body](std::string_view part) -> Result<void> {
      body += part;
      return {};
    });
    if (!done) return done;
  }
  std::string text = json_entry({read.message, read.recipients, id});
  JsonObject more;
  more.add("helo", read.client.helo).add("protocol", read.client.protocol).add("envid", read.envid);
  more.add("ret", read.ret)
      .add("body_type", read.body_type)
      .put("smtputf8", read.smtputf8 ? "true" : "false");
  if (request.header) more.add("header", std::string_view(read.content).substr(0, header));
  if (request.body) more.add("body", body);
  // The envelope is the object of a listing, which goes on.
  text.resize(text.rfind('}'));
  return write(concat(text, ", ", more.text().substr(1), "\n"));
}

}  // namespace

std::size_t header_size(std::string_view content) {
  std::size_t at = 0;
  while (at < content.size()) {
    const auto end = std::min(content.find('\n', at), content.size() - 1) + 1;
    const auto line = content.substr(at, end - at);
    const bool is_continuation = at != 0 && is_blank(line.front()) && !trim(line).empty();
    if (!is_continuation && !is_header_line(line)) return at;
    at = end;
  }
  return at;
}

Result<void> show_message(const ipc::MessageRead& read, const std::string& id, const CatRequest& request) {
  if (request.json) return show_json(read, id, request);
  const std::string marker = concat(" ", queue_of(read.message.standing), "/", id, " ***\n");
  Result<void> done;
  if (request.envelope)
    done = write(concat("*** ENVELOPE RECORDS", marker, envelope(read), "*** MESSAGE CONTENTS", marker));
  const std::size_t header = header_size(read.content);
  const std::string_view content = read.content;
  if (done && request.header) done = Writer(request.offsets, 0).add(content.substr(0, header));
  if (done && request.body) {
    Writer writer(request.offsets, header);
    done = writer.add(content.substr(header));
    if (done) done = for_each_part(read.spool, [&writer](std::string_view part) { return writer.add(part); });
  }
  if (done && request.envelope) {
    done = write(concat("*** HEADER EXTRACTED", marker, "*** MESSAGE FILE END", marker));
  }
  return done;
}

}  // namespace postern::commands
