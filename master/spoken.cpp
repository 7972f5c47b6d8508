#include "master/spoken.h"

#include <utility>

#include "lib/base/text.h"

namespace postern::master {

namespace {

constexpr Duration kMinute = seconds(60);

}  // namespace

void Spoken::line(Instant now, const Say& say) {
  const std::string text(trim(std::exchange(pending_, {})));
  if (text.empty()) return;
  last_line_ = printable(text, kLongestLine);
  if (minute_began_ == Instant{} || now - minute_began_ >= kMinute) {
    if (left_out_ > 0) say(concat("(", left_out_, " more lines)"));
    minute_began_ = now;
    said_ = 0;
    left_out_ = 0;
  }
  if (said_++ < kLinesAMinute) {
    say(last_line_);
  } else {
    ++left_out_;
  }
}

void Spoken::take(std::string_view bytes, Instant now, const Say& say) {
  for (const char c : bytes) {
    if (c == '\n') {
      line(now, say);
    } else if (pending_.size() < kLongestLine) {
      pending_ += c;
    }
  }
}

void Spoken::end(Instant now, const Say& say) {
  line(now, say);
  if (left_out_ > 0) say(concat("(", std::exchange(left_out_, 0), " more lines)"));
}

}  // namespace postern::master
