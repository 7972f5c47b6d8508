#include "lib/mail/mime.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/header.h"

namespace postern::mail {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

bool is_empty_line(std::string_view line) { return line == "\n" || line == "\r\n"; }

bool speaks_of_mime(std::string_view name) {
  return istarts_with(name, "Content-") || iequals(name, "MIME-Version");
}

// Behind white space and comments.
std::string_view skip_blank(std::string_view text) {
  int depth = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (c == '\\' && depth > 0) {
      ++at;
    } else if (depth == 0 && !is_space(c)) {
      break;
    }
  }
  return text.substr(std::min(at, text.size()));
}

// Takes a token or a quoted string from the front.
std::string take_word(std::string_view& text) {
  text = skip_blank(text);
  std::string word;
  if (text.starts_with('"')) {
    std::size_t at = 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      if (text[at] != '\n' && text[at] != '\r') word += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
    return word;
  }
  const auto end = std::find_if(text.begin(), text.end(), [](char c) {
    return is_space(c) || std::string_view("()<>@,;:\\\"/[]=").find(c) != kNone;
  });
  word.assign(text.begin(), end);
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

ContentType parse_content_type(std::string_view value) {
  ContentType found;
  found.type = lower(take_word(value));
  value = skip_blank(value);
  if (value.starts_with('/')) {
    value.remove_prefix(1);
    found.subtype = lower(take_word(value));
  }
  for (auto semicolon = value.find(';'); semicolon != kNone; semicolon = value.find(';')) {
    value.remove_prefix(semicolon + 1);
    const auto name = take_word(value);
    value = skip_blank(value);
    if (!value.starts_with('=')) continue;
    value.remove_prefix(1);
    auto word = take_word(value);
    if (iequals(name, "boundary") && found.boundary.empty()) found.boundary = std::move(word);
  }
  return found;
}

// A line of a body is never longer than a field: what is no field is taken as such a line.
MimeReader::MimeReader(MimeLimits limits) : limits_(limits) {
  limits_.field = std::max<std::size_t>(limits_.field, 1);
  limits_.line = std::clamp<std::size_t>(limits_.line, 1, limits_.field);
}

void MimeReader::feed(std::string_view more) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += more;
}

MimePiece MimeReader::take(MimePiece::Kind kind, std::size_t length) {
  MimePiece piece;
  piece.kind = kind;
  piece.raw = std::string_view(buffer_).substr(at_, length);
  piece.text = without_line_end(piece.raw);
  at_ += length;
  return piece;
}

std::optional<MimePiece> MimeReader::next() {
  if (at_ == buffer_.size()) return std::nullopt;
  return state_ == State::body ? body_piece() : header_piece();
}

MimePiece::Kind MimeReader::field_kind(std::string_view name) const {
  return limits_.structure && speaks_of_mime(name) ? MimePiece::Kind::mime_field : fields_;
}

// Where the field ends whose first line ends at `first_end`: before a line that does not begin with a blank. Nothing
// when that line has not come yet.
std::optional<std::size_t> MimeReader::field_end(std::size_t first_end) const {
  std::size_t end = first_end;
  for (;;) {
    if (end - at_ >= limits_.field) return at_ + limits_.field;
    if (end == buffer_.size()) return finished_ ? std::optional(end) : std::nullopt;
    if (!is_blank(buffer_[end])) return end;
    const auto lf = buffer_.find('\n', end);
    if (lf == kNone && !finished_ && buffer_.size() - at_ < limits_.field) return std::nullopt;
    end = lf == kNone ? buffer_.size() : lf + 1;
  }
}

std::optional<MimePiece> MimeReader::header_piece() {
  const auto lf = buffer_.find('\n', at_);
  const bool whole = lf != kNone || finished_ || buffer_.size() - at_ >= limits_.field;
  if (!whole) return std::nullopt;
  const auto end = lf == kNone ? buffer_.size() : lf + 1;
  const auto line = std::string_view(buffer_).substr(at_, end - at_);
  if (state_ == State::long_field) {
    const bool goes_on = in_line_ || is_blank(line.front());
    in_line_ = !line.ends_with('\n');
    if (goes_on) return take(MimePiece::Kind::other, line.size());
    state_ = State::header;
  }
  const bool mbox = state_ == State::start && (line.starts_with("From ") || line.starts_with(">From "));
  state_ = State::header;
  if (mbox) {
    const auto size = std::min(line.size(), limits_.field);
    in_line_ = line[size - 1] != '\n';
    if (in_line_) state_ = State::long_field;
    return take(MimePiece::Kind::other, size);
  }
  if (is_empty_line(line)) {
    const bool primary = fields_ == MimePiece::Kind::primary_field;
    auto piece = take(primary ? MimePiece::Kind::other : MimePiece::Kind::body, line.size());
    end_header();
    return piece;
  }
  const auto front = line.substr(0, limits_.field);
  if (is_boundary(front)) return body_line();
  const auto name = field_name(front);
  if (name.empty()) {
    enter_body();
    return body_line();
  }
  const auto field = field_end(end);
  if (!field) return std::nullopt;
  auto piece = take(field_kind(name), *field - at_);
  if (piece.raw.size() == limits_.field) {
    state_ = State::long_field;
    in_line_ = !piece.raw.ends_with('\n');
  }
  note(piece.raw.substr(0, name.size()), piece.text);
  return piece;
}

void MimeReader::note(std::string_view name, std::string_view field) {
  const auto value = field.substr(std::min(field.size(), field.find(':') + 1));
  if (iequals(name, "Content-Type")) {
    auto type = parse_content_type(value);
    entity_.type = std::move(type.type);
    entity_.subtype = std::move(type.subtype);
    entity_.boundary = std::move(type.boundary);
  } else if (iequals(name, "Content-Transfer-Encoding")) {
    auto rest = value;
    const auto encoding = take_word(rest);
    entity_.encoded = !iequals(encoding, "7bit") && !iequals(encoding, "8bit") &&
                      !iequals(encoding, "binary") && !encoding.empty();
  }
}

void MimeReader::begin_entity(bool digest_part) {
  entity_ = {};
  if (!digest_part) return;
  entity_.type = "message";
  entity_.subtype = "rfc822";
}

void MimeReader::enter_body() {
  state_ = State::body;
  offset_ = 0;
  in_line_ = false;
}

void MimeReader::end_header() {
  enter_body();
  if (!limits_.structure) return;
  if (entity_.type == "multipart" && !entity_.boundary.empty() && levels_.size() < limits_.nesting) {
    levels_.push_back({entity_.boundary.substr(0, limits_.boundary), entity_.subtype == "digest"});
  } else if (entity_.type == "message" && !entity_.encoded) {
    const auto& kind = entity_.subtype;
    const bool message = kind == "rfc822" || kind == "global" || kind == "partial" || kind == "external-body";
    if (!message) return;
    state_ = State::header;
    fields_ = MimePiece::Kind::nested_field;
    begin_entity(false);
  }
}

// A line that begins or ends a part of what is open; the innermost counts first (RFC 2046 5.1.2).
bool MimeReader::is_boundary(std::string_view line) {
  if (levels_.empty() || !line.starts_with("--")) return false;
  line.remove_prefix(2);
  while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  for (std::size_t level = levels_.size(); level-- > 0;) {
    const Level& open = levels_[level];
    if (!line.starts_with(open.boundary)) continue;
    const auto rest = line.substr(open.boundary.size());
    const bool cut = open.boundary.size() == limits_.boundary;
    if (rest == "--") {
      levels_.resize(level);
      enter_body();
      return true;
    }
    if (!rest.empty() && !cut) continue;
    levels_.resize(level + 1);
    begin_entity(open.digest);
    enter_body();  // the line itself is one of a body
    state_ = State::header;
    fields_ = MimePiece::Kind::mime_field;
    return true;
  }
  return false;
}

std::optional<MimePiece> MimeReader::body_piece() {
  const auto lf = buffer_.find('\n', at_);
  const auto length = (lf == kNone ? buffer_.size() : lf) - at_;
  if (lf == kNone && !finished_ && length <= limits_.line) return std::nullopt;
  if (!in_line_) is_boundary(std::string_view(buffer_).substr(at_, std::min(length, limits_.line)));
  return body_line();
}

// The line, or as much of it as one piece may be, whatever it means.
MimePiece MimeReader::body_line() {
  const auto lf = buffer_.find('\n', at_);
  const auto length = (lf == kNone ? buffer_.size() : lf) - at_;
  const bool whole = length <= limits_.line && (lf != kNone || finished_);
  const auto size = whole ? length + (lf == kNone ? 0 : 1) : limits_.line;
  auto piece = take(MimePiece::Kind::body, size);
  piece.at = offset_;
  offset_ += size;
  in_line_ = !whole && state_ == State::body;
  return piece;
}

}  // namespace postern::mail
