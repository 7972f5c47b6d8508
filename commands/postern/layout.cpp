#include "commands/postern/layout.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::commands {

namespace {

constexpr char kEnd = 0x1f;
// Below this a line is cut anywhere, and never shorter.
constexpr std::size_t kLeastText = 10;

constexpr bool is_mark(char c) { return static_cast<unsigned char>(c) < 0x20; }
constexpr bool is_inner(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // of a character

std::string_view code_of(char mark) {
  switch (mark) {
    case static_cast<char>(Style::strong): return "\033[1m";
    case static_cast<char>(Style::faint): return "\033[2m";
    case static_cast<char>(Style::good): return "\033[32m";
    case static_cast<char>(Style::warning): return "\033[33m";
    case static_cast<char>(Style::bad): return "\033[1;31m";
    default: return "\033[0m";
  }
}

// The end of what fits into the columns: behind the last character before a blank, or anywhere.
std::size_t end_of_part(std::string_view text, std::size_t columns) {
  std::size_t used = 0, last_blank = text.npos;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_mark(text[at]) || is_inner(text[at])) continue;
    if (used == columns) return text[at] == ' ' || last_blank == text.npos ? at : last_blank;
    if (text[at] == ' ' && used > 0) last_blank = at;
    ++used;
  }
  return text.size();
}

// One part with its styles; `open` is the one that goes on from the part before, and into the next.
std::string rendered(std::string_view part, bool colours, char& open) {
  std::string out;
  if (open != 0 && colours) out += code_of(open);
  for (const char c : part) {
    if (!is_mark(c)) {
      out += c;
      continue;
    }
    open = c == kEnd ? '\0' : c;
    if (colours) out += code_of(c);
  }
  if (open != 0 && colours) out += code_of(kEnd);
  return out;
}

void fold(const Line& line, const Canvas& canvas, std::vector<std::string>& out) {
  std::string_view text = line.text, guide = line.guide;
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  char open = 0;
  do {
    const std::size_t guides = columns_of(guide);
    const std::size_t room =
        canvas.width == 0 ? text.size() : std::max(canvas.width, guides + kLeastText) - guides;
    const std::size_t end = end_of_part(text, room);
    std::string_view part = text.substr(0, end);
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    out.push_back(concat(guide, rendered(part, canvas.colours, open)));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    guide = line.under;
  } while (columns_of(text) > 0);
}

}  // namespace

std::string styled(Style style, std::string_view text) {
  return text.empty() ? std::string() : concat(static_cast<char>(style), text, kEnd);
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_mark(c) && !is_inner(c); }));
}

std::string padded(std::string_view text, std::size_t columns) {
  const std::size_t used = columns_of(text);
  return concat(text, std::string(columns > used ? columns - used : 0, ' '));
}

std::vector<std::string> laid_out(const std::vector<Line>& lines, const Canvas& canvas) {
  std::vector<std::string> out;
  for (const Line& line : lines) fold(line, canvas, out);
  return out;
}

}  // namespace postern::commands
