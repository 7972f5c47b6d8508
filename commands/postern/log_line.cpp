#include "commands/postern/log_line.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/queue_id.h"

namespace postern::commands {

namespace {

constexpr std::size_t kClassicTime = 15;  // "Nov 23 04:05:06"

std::int64_t id_of(std::string_view text) {
  const auto id = mail::parse_queue_id(text);
  return id ? id->number() : 0;
}

// The queue id with which a text goes on.
std::int64_t id_at(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_alnum) - text.begin();
  return id_of(text.substr(0, static_cast<std::size_t>(end)));
}

std::string_view behind(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  return at == text.npos ? std::string_view() : text.substr(at + word.size());
}

// The value of ", NAME=VALUE," in a line of a delivery.
std::string_view value_in(std::string_view text, std::string_view name) {
  const auto rest = behind(text, name);
  return rest.substr(0, std::min(rest.find(", "), rest.size()));
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  // "TAG[PID]: " stands first in a line in which that form may come again.
  const auto colon = line.find("]: ");
  const auto bracket = colon == line.npos ? line.npos : line.rfind('[', colon);
  if (bracket == line.npos || bracket == 0) return std::nullopt;
  const auto process = parse_number(line.substr(bracket + 1, colon - bracket - 1));
  const auto blank = line.rfind(' ', bracket);
  if (!process || blank == line.npos) return std::nullopt;
  const auto tag = line.substr(blank + 1, bracket - blank - 1);
  const auto slash = tag.rfind('/');
  if (slash == tag.npos || slash + 1 == tag.size()) return std::nullopt;
  LogLine parsed;
  const bool is_rfc3339 = is_digit(line.front());
  parsed.time = line.substr(0, is_rfc3339 ? line.find(' ') : std::min(kClassicTime, blank));
  parsed.program = tag.substr(slash + 1);
  parsed.process = *process;
  parsed.text = line.substr(colon + 3);
  const auto end = parsed.text.find(": ");
  if (end != parsed.text.npos) parsed.id = id_of(parsed.text.substr(0, end));
  if (parsed.id != 0) parsed.text.remove_prefix(end + 2);
  return parsed;
}

std::optional<Relation> relation_in(const LogLine& line) {
  if (line.id == 0) return std::nullopt;
  struct Form {
    std::string_view words;
    Relation::Kind kind;
  };
  constexpr Form kForms[] = {{"notification: ", Relation::Kind::notification},
                             {"(forwarded as ", Relation::Kind::forwarded},
                             {"queued as ", Relation::Kind::queued},
                             {"orig_queue_id=", Relation::Kind::origin},
                             {"orig_id=", Relation::Kind::origin}};
  for (const Form& form : kForms) {
    const std::int64_t other = id_at(behind(line.text, form.words));
    if (other == 0 || other == line.id) continue;
    Relation relation{other, form.kind, form.words};
    const bool is_notification = form.kind == Relation::Kind::notification;
    if (is_notification) relation.words = line.text.substr(0, line.text.find(": "));
    return relation;
  }
  return std::nullopt;
}

std::string_view client_in(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return {};
  text.remove_prefix(word.size());
  const auto end = text.find(']');
  return end == text.npos || text.find('[') > end ? std::string_view() : text.substr(0, end + 1);
}

std::optional<DeliveryLine> delivery_in(std::string_view text) {
  if (!text.starts_with("to=<")) return std::nullopt;
  const auto end = text.find(">, ");
  if (end == text.npos) return std::nullopt;
  DeliveryLine delivery;
  delivery.recipient = text.substr(4, end - 4);
  text.remove_prefix(end + 3);
  delivery.relay = value_in(text, "relay=");
  delivery.delay = value_in(text, "delay=");
  delivery.dsn = value_in(text, "dsn=");
  const auto status = behind(text, "status=");
  const auto reason = status.find(" (");
  delivery.status = status.substr(0, reason);
  if (reason != status.npos && status.back() == ')') {
    delivery.reason = status.substr(reason + 2, status.size() - reason - 3);
  }
  if (delivery.status.empty()) return std::nullopt;
  return delivery;
}

}  // namespace postern::commands
