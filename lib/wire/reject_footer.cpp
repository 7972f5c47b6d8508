#include "lib/wire/reject_footer.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <vector>

#include "lib/base/text.h"
#include "lib/config/expand.h"
#include "lib/mail/status.h"
#include "lib/wire/reply.h"

namespace postern::wire {

namespace {

constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kRoom = kLongestReplyLine - kEnd.size();

// "550-5.7.1 text\r\n" or with a blank.
void add_line(std::string& out, std::string_view code, char mark, std::string_view dsn,
              std::string_view text) {
  const std::size_t start = out.size();
  out += concat(code, mark, dsn);
  if (!dsn.empty()) out += ' ';
  out += printable(text);
  out.resize(std::min(out.size(), start + kRoom));
  out += kEnd;
}

// The lines of the template, expanded one by one: a value cannot begin a line. Empty when the template has no form.
std::vector<std::string> expanded(std::string_view text, std::string_view filter, const FooterValue& value) {
  const auto lookup = [&](std::string_view name) -> Result<std::optional<std::string>> {
    std::string found = value(name);
    for (char& c : found) {
      // A '$' would be expanded in turn.
      if (c == '$' || filter.find(c) == std::string_view::npos) c = '_';
    }
    return found.empty() ? std::nullopt : std::optional(std::move(found));
  };
  std::vector<std::string> lines;
  for (bool more = true; more;) {
    const auto end = text.find("\\n");
    more = end != std::string_view::npos;
    auto line = config::expand(text.substr(0, end), lookup);
    if (!line) return {};
    lines.push_back(std::move(*line));
    if (more) text.remove_prefix(end + 2);
  }
  return lines;
}

// Goes on in the last line of the reply, as far as there is room.
void append_to_last(std::string& reply, std::string_view text) {
  reply.resize(reply.size() - kEnd.size());
  const std::size_t used = reply.size() - (reply.rfind('\n') + 1);
  reply += printable(text, kRoom - std::min(used, kRoom));
  reply += kEnd;
}

// Every line of the reply becomes one that another follows.
void mark_as_followed(std::string& reply) {
  for (std::size_t at = 0; at + 3 < reply.size(); at = std::min(reply.find('\n', at), reply.size() - 1) + 1) {
    reply[at + 3] = '-';
  }
}

}  // namespace

void add_footer(std::string& reply, std::string_view text, std::string_view filter,
                const FooterValue& value) {
  if (!reply.ends_with(kEnd) || reply.size() < 6) return;
  const bool goes_on = text.starts_with("\\c");
  if (goes_on) text.remove_prefix(2);
  const auto lines = expanded(text, filter, value);
  if (lines.empty()) return;
  if (goes_on) append_to_last(reply, lines.front());
  if (goes_on && lines.size() == 1) return;
  const std::string code = reply.substr(0, 3);
  const auto dsn = mail::split_dsn(std::string_view(reply).substr(4, reply.find('\r') - 4)).dsn;
  const std::string prefix = dsn.given() ? dsn.text() : std::string();
  mark_as_followed(reply);
  for (std::size_t i = goes_on ? 1 : 0; i < lines.size(); ++i) {
    add_line(reply, code, i + 1 == lines.size() ? ' ' : '-', prefix, lines[i]);
  }
}

std::string footer_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[32];
  ::localtime_r(&now, &parts);
  return std::string(text, std::strftime(text, sizeof text, "%b %d %H:%M:%S", &parts));
}

}  // namespace postern::wire
