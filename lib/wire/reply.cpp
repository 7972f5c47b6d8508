#include "lib/wire/reply.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace postern::wire {

namespace {

constexpr std::size_t kRoom = kLongestReplyLine - 2;

// Appends "250-2.0.0 text", with or without the hyphen that announces another line.
void append_line(std::string& out, std::string_view code, char mark, std::string_view prefix,
                 std::string_view text) {
  out += code;
  if (mark == '-' || !prefix.empty() || !text.empty()) out += mark;
  out += prefix;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte > 0x7e ? '?' : c;
  }
  out += "\r\n";
}

// How much of the text goes on a line with `room` bytes: up to its LF, or to the last blank that fits.
std::size_t line_length(std::string_view text, std::size_t room) {
  const auto lf = std::min(text.find('\n'), text.size());
  if (lf <= room) return lf;
  const auto blank = text.rfind(' ', room);
  return blank == std::string_view::npos || blank == 0 ? room : blank;
}

// A reply code is three digits whatever the caller says: 550 if it is not one.
std::string code_text(int code) { return std::to_string(code < 200 || code > 599 ? 550 : code); }

// As a server wrote it.
std::string digits(int code) {
  return {static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
          static_cast<char>('0' + code % 10)};
}

bool has_code(std::string_view line) {
  if (line.size() < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2])) return false;
  return line.size() == 3 || line[3] == '-' || is_blank(line[3]);
}

std::string clean(std::string_view text) { return printable(text, kLongestReplyText); }

}  // namespace

void append_reply(std::string& out, int code, mail::Dsn dsn, std::string_view text) {
  const auto number = code_text(code);
  const auto prefix = dsn.given() ? dsn.text() + ' ' : std::string();
  const auto room = kRoom - number.size() - 1 - prefix.size();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  for (;;) {
    const auto length = line_length(text, room);
    auto line = text.substr(0, length);
    text.remove_prefix(length);
    if (line.ends_with('\r')) line.remove_suffix(1);
    append_line(out, number, text.empty() ? ' ' : '-', prefix, line);
    if (text.empty()) return;
    if (text.front() == '\n' || text.front() == ' ') text.remove_prefix(1);
  }
}

void soften(std::string& reply) {
  if (!reply.starts_with('5')) return;
  reply.front() = '4';
  if (reply.size() > 5 && reply.compare(4, 2, "5.") == 0) reply[4] = '4';
}

void append_reply(std::string& out, const mail::Status& status) {
  append_reply(out, status.code, status.dsn, status.text);
}

void append_reply(std::string& out, int code, std::span<const std::string> lines) {
  const auto number = code_text(code);
  if (lines.empty()) append_line(out, number, ' ', {}, {});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto line = std::string_view(lines[i]).substr(0, kRoom - 4);
    append_line(out, number, i + 1 == lines.size() ? ' ' : '-', {}, line);
  }
}

std::string Reply::text() const {
  if (lines.empty()) return digits(code);
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool last = i + 1 == lines.size();
    if (i > 0) out += ' ';
    out += digits(i < codes.size() ? codes[i] : code);
    if (!last || !lines[i].empty()) out += last ? ' ' : '-';
    out += lines[i];
  }
  return out;
}

mail::Status Reply::status() const {
  mail::Status status{code, dsn, {}, {}};
  for (const auto& line : lines) {
    const auto rest = mail::split_dsn(line).rest;
    if (!status.text.empty() && !rest.empty()) status.text += ' ';
    status.text += rest;
  }
  const int family = code / 100 == 3 ? 0 : code / 100;
  if (!dsn.given()) status.dsn = mail::Dsn{static_cast<std::uint16_t>(family), 0, 0};
  return status;
}

Result<ReplyReader::State> ReplyReader::add(std::string_view line) {
  if (!has_code(line)) return fail(Errc::invalid, concat("malformed reply: ", escaped(line)));
  if (reply_.lines.size() == kMostReplyLines || bytes_ > kLargestReply) {
    return fail(Errc::too_long, "the server's reply is too long");
  }
  const bool more = line.size() > 3 && line[3] == '-';
  reply_.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  const auto text = line.substr(std::min<std::size_t>(line.size(), 4));
  reply_.dsn = mail::split_dsn(text).dsn;
  if (reply_.dsn.kind != reply_.code / 100) reply_.dsn = {};
  reply_.codes.push_back(static_cast<std::uint16_t>(reply_.code));
  reply_.lines.push_back(clean(text));
  bytes_ += reply_.lines.back().size();
  return more ? State::more : State::complete;
}

Reply ReplyReader::take() {
  bytes_ = 0;
  return std::exchange(reply_, Reply());
}

}  // namespace postern::wire
