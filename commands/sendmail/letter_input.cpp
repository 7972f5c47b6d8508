#include "commands/sendmail/letter_input.h"

#include <algorithm>

namespace postern::sendmail {

namespace {

constexpr std::size_t kLongestPart = 65536;  // of a line that is held back

bool is_mailbox_line(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of('>'), line.size()));
  return line.starts_with("From ");
}

}  // namespace

void LetterInput::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty() && !ended_) {
    const auto end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (end == std::string_view::npos) {
      if (line_.size() > kLongestPart) flush(out);
      return;
    }
    bytes.remove_prefix(end + 1);
    end_line(out);
  }
}

// A line without end need not be held as a whole; a CR stays, since a LF may follow it.
void LetterInput::flush(std::string& out) {
  const bool keeps_return = line_.ends_with('\r');
  if (keeps_return) line_.pop_back();
  out += line_;
  line_.assign(keeps_return ? 1 : 0, '\r');
  cut_ = true;
  in_front_ = false;
}

void LetterInput::end_line(std::string& out) {
  if (first_line_) strip_ = ends_ == LineEnds::always || (ends_ == LineEnds::strict && line_.ends_with('\r'));
  first_line_ = false;
  if (strip_ && line_.ends_with('\r')) line_.pop_back();
  const bool whole = !cut_;
  cut_ = false;
  if (whole && dot_ends_ && line_ == ".") {
    ended_ = true;
    line_.clear();
    return;
  }
  if (in_front_ && is_mailbox_line(line_)) {
    line_.clear();
    return;
  }
  in_front_ = false;
  out += line_;
  out += '\n';
  line_.clear();
}

void LetterInput::finish(std::string& out) {
  if (!ended_ && (!line_.empty() || cut_)) end_line(out);
  ended_ = true;
}

}  // namespace postern::sendmail
