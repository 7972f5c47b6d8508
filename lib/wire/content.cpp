#include "lib/wire/content.h"

#include <cstring>

namespace postern::wire {

namespace {

const char* find(const char* at, const char* stop, char c) {
  const void* found = std::memchr(at, c, static_cast<std::size_t>(stop - at));
  return found ? static_cast<const char*>(found) : stop;
}

void append(std::string& out, const char* at, const char* stop) {
  out.append(at, static_cast<std::size_t>(stop - at));
}

}  // namespace

// Goes from CR to CR: in good text each stands before an LF, and the bytes between two hold no LF.
ContentDecoder::Progress ContentDecoder::feed(std::string_view input, std::string& out) {
  const char* at = input.data();
  const char* const end = at + input.size();
  while (at != end && !ended_) {
    const char* const cr = find(at, end, '\r');
    at = plain(at, cr, out);
    if (ended_ || cr == end) break;
    if (end - cr >= 2 && cr[1] == '\n' && place_ != Place::after_dot && returns_ == 0) {
      out += '\n';
      place_ = Place::start;
      at = cr + 2;
    } else {
      carriage_return(out);
      at = cr + 1;
    }
  }
  const auto consumed = static_cast<std::size_t>(at - input.data());
  size_ += consumed;
  if (ended_) size_ -= 2;
  return {consumed, ended_};
}

// Bytes without a CR among them. Stops early only behind the final dot.
const char* ContentDecoder::plain(const char* at, const char* stop, std::string& out) {
  while (at != stop) {
    if (*at == '\n') {
      ++at;
      line_feed(out);
      if (ended_) return at;
      continue;
    }
    if (place_ != Place::text || returns_ > 0) first_byte(at, out);
    const char* const lf = find(at, stop, '\n');
    if (lf != at) place_ = Place::text;
    append(out, at, lf);
    at = lf;
  }
  return at;
}

// A byte that is not a line ending, at the start of a line or behind CRs. Takes it only when it is a stuffed
// dot.
void ContentDecoder::first_byte(const char*& at, std::string& out) {
  stray_returns(out);
  const bool at_start = place_ == Place::start || place_ == Place::start_after_bare_lf;
  const bool stuffed = at_start && *at == '.' && framing_ == Framing::dots;
  if (!stuffed) return;
  ++at;
  --size_;
  place_ = place_ == Place::start ? Place::after_dot : Place::text;
}

void ContentDecoder::line_feed(std::string& out) {
  if (place_ == Place::after_dot && returns_ == 1) {
    ended_ = true;
    return;
  }
  if (returns_ == 0) ++bare_lf_;
  if (returns_ > 1) ++bare_cr_;
  place_ = returns_ == 0 ? Place::start_after_bare_lf : Place::start;
  returns_ = 0;
  out += '\n';
}

void ContentDecoder::carriage_return(std::string& out) {
  if (returns_ < 2) {
    ++returns_;
    return;
  }
  ++bare_cr_;
  out += ' ';
  place_ = Place::text;
}

void ContentDecoder::stray_returns(std::string& out) {
  if (returns_ == 0) return;
  out.append(returns_, ' ');
  bare_cr_ += returns_;
  returns_ = 0;
  place_ = Place::text;
}

void ContentDecoder::finish(std::string& out) {
  if (ended_) return;
  ended_ = true;
  stray_returns(out);
  if (place_ != Place::text) return;
  out += '\n';
  size_ += 2;
}

void ContentEncoder::add(const char* at, const char* stop, std::string& out) {
  while (longest_line_ > 0 && static_cast<std::size_t>(stop - at) > longest_line_ - column_) {
    const char* const end = at + (longest_line_ - column_);
    append(out, at, end);
    out.append("\r\n ", 3);
    column_ = longest_line_ > 1 ? 1 : 0;
    at = end;
  }
  append(out, at, stop);
  column_ += static_cast<std::size_t>(stop - at);
}

void ContentEncoder::feed(std::string_view input, std::string& out) {
  const char* at = input.data();
  const char* const end = at + input.size();
  while (at != end) {
    if (at_line_start_ && *at == '.') out += '.';
    const char* const lf = find(at, end, '\n');
    add(at, lf, out);
    at_line_start_ = lf != end;
    if (lf == end) return;
    column_ = 0;
    out.append("\r\n", 2);
    at = lf + 1;
  }
}

void ContentEncoder::finish(std::string& out) {
  out += at_line_start_ ? ".\r\n" : "\r\n.\r\n";
  at_line_start_ = true;
  column_ = 0;
}

}  // namespace postern::wire
