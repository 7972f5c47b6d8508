#include "smtp/downgrade.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/header.h"

namespace postern::smtp {

namespace {

constexpr std::size_t kLongestLine = 8192;  // longer ones are taken in pieces
constexpr std::size_t kLongestHeader = 1 << 20;
constexpr std::size_t kDeepest = 100;       // parts within parts
constexpr std::size_t kLongestQuoted = 72;  // RFC 2045 6.7: at most 76
constexpr std::string_view kHex = "0123456789ABCDEF";

// A parameter of Content-Type, without its quotes.
std::string parameter(std::string_view value, std::string_view name) {
  const std::string folded = lower(value);
  for (auto at = folded.find(name); at != std::string::npos; at = folded.find(name, at + 1)) {
    auto rest = trim(value.substr(at + name.size()));
    const bool begins = at > 0 && (value[at - 1] == ';' || is_space(value[at - 1]));
    if (!begins || !rest.starts_with('=')) continue;
    rest = trim(rest.substr(1));
    if (!rest.starts_with('"')) return std::string(rest.substr(0, rest.find_first_of("; \t\r\n")));
    std::string text;
    for (std::size_t i = 1; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      text += rest[i];
    }
    return text;
  }
  return {};
}

struct Entity {
  std::string type = "text/plain", boundary, encoding = "7bit";
  bool eight_bit() const { return encoding == "8bit" || encoding == "binary"; }
  bool is_plain() const { return eight_bit() || encoding == "7bit"; }
  bool is_multipart() const { return type.starts_with("multipart/") && !boundary.empty(); }
  bool is_message() const { return type == "message/rfc822" || type == "message/global"; }
};

std::string first_word(std::string_view value) {
  const auto text = trim(value);
  return lower(text.substr(0, text.find_first_of("; \t\r\n(")));
}

Entity read_entity(std::string_view header) {
  Entity entity;
  mail::HeaderWalk walk(header);
  while (const auto field = walk.next()) {
    if (field->is("Content-Transfer-Encoding")) entity.encoding = first_word(field->value);
    if (!field->is("Content-Type")) continue;
    const std::string value = field->unfolded();
    entity.type = first_word(value);
    entity.boundary = parameter(value, "boundary");
  }
  return entity;
}

bool begins_field(std::string_view line) { return !mail::field_name(line).empty(); }

}  // namespace

void Downgrade::feed(std::string_view piece, std::string& out) {
  while (!piece.empty()) {
    const auto lf = piece.find('\n');
    const auto part = piece.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    piece.remove_prefix(part.size());
    const bool whole = lf != std::string_view::npos;
    if (partial_.empty() && whole) {
      take(part, out);
      continue;
    }
    partial_ += part;
    if (!whole && partial_.size() < kLongestLine) continue;
    take(partial_, out);
    partial_.clear();
  }
}

void Downgrade::finish(std::string& out) {
  if (!partial_.empty()) take(partial_, out);
  partial_.clear();
  if (place_ == Place::header) end_header(out);
}

void Downgrade::take(std::string_view line, std::string& out) {
  if (!in_line_ && !in_field_line() && line.starts_with("--") && take_boundary(line, out)) return;
  if (place_ == Place::header) {
    take_header(line, out);
  } else {
    take_body(line, out);
  }
}

// A line of the header that is too long to be taken at once is under way.
bool Downgrade::in_field_line() const { return !header_.empty() && header_.back() != '\n'; }

bool Downgrade::take_boundary(std::string_view line, std::string& out) {
  for (std::size_t level = boundaries_.size(); level-- > 0;) {
    auto rest = line.substr(2);
    if (!rest.starts_with(boundaries_[level])) continue;
    rest.remove_prefix(boundaries_[level].size());
    const bool ends = rest.starts_with("--");
    if (!trim(ends ? rest.substr(2) : rest).empty()) continue;
    if (place_ == Place::header) end_header(out);
    out += line;
    boundaries_.resize(ends ? level : level + 1);
    place_ = ends ? Place::body : Place::header;
    quotes_ = false;
    return true;
  }
  return false;
}

void Downgrade::take_header(std::string_view line, std::string& out) {
  const bool ends = !in_field_line() && (line == "\n" || line == "\r\n");
  const bool goes_on = in_field_line() || begins_field(line) || (!header_.empty() && is_blank(line[0]));
  const bool is_mbox = header_.empty() && (line.starts_with("From ") || line.starts_with(">From "));
  if (!ends && (goes_on || is_mbox) && header_.size() < kLongestHeader) {
    header_ += line;
    return;
  }
  end_header(out);
  if (ends) {
    out += line;
  } else {
    take_body(line, out);
  }
}

// What the header of a part says decides what becomes of its body.
void Downgrade::end_header(std::string& out) {
  const Entity entity = read_entity(header_);
  const bool is_container = entity.is_multipart() || (entity.is_message() && entity.is_plain());
  if (!entity.eight_bit()) {
    out += header_;
  } else {
    mail::HeaderWalk walk(header_);
    while (const auto field = walk.next()) {
      if (!field->is("Content-Transfer-Encoding")) out += field->raw;
    }
    if (!out.empty() && out.back() != '\n') out += '\n';
    out += concat("Content-Transfer-Encoding: ", is_container ? "7bit" : "quoted-printable", "\n");
  }
  header_.clear();
  quotes_ = entity.eight_bit() && !is_container;
  place_ = Place::body;
  column_ = 0;
  if (!is_container || boundaries_.size() >= kDeepest) return;
  if (entity.is_multipart()) {
    boundaries_.push_back(entity.boundary);
  } else {
    place_ = Place::header;
  }
}

void Downgrade::take_body(std::string_view line, std::string& out) {
  in_line_ = !line.ends_with('\n');
  if (!quotes_) {
    out += line;
    return;
  }
  const auto text = line.substr(0, line.size() - (in_line_ ? 0 : 1));
  for (std::size_t i = 0; i < text.size(); ++i) quote(text[i], i + 1 == text.size(), out);
  if (in_line_) return;
  out += '\n';
  column_ = 0;
}

void Downgrade::quote(char c, bool at_end, std::string& out) {
  const auto byte = static_cast<unsigned char>(c);
  const bool plain = (byte > 32 && byte < 127 && c != '=') || (is_blank(c) && !at_end);
  if (column_ >= kLongestQuoted) {
    out += "=\n";
    column_ = 0;
  }
  if (plain) {
    out += c;
    ++column_;
    return;
  }
  out += '=';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
  column_ += 3;
}

}  // namespace postern::smtp
