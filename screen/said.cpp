#include "screen/said.h"

namespace postern::screen {

namespace {

// The shortest line of each verb that is always an error, whatever was said before.
std::string_view wrong_line(wire::Verb verb) {
  switch (verb) {
    case wire::Verb::helo: return "HELO";
    case wire::Verb::ehlo: return "EHLO";
    case wire::Verb::mail: return "MAIL";
    case wire::Verb::rset: return "RSET ?";
    case wire::Verb::noop: return "NOOP \xff";
    case wire::Verb::quit: return "QUIT \xff";
    default: return "?";
  }
}

}  // namespace

void Said::shorten(std::int32_t& at, std::string_view text) {
  if (at >= 0) lines_[static_cast<std::size_t>(at)] = text;
  at = -1;
}

void Said::obeyed(wire::Verb verb, std::string_view line) {
  const auto here = static_cast<std::int32_t>(lines_.size());
  switch (verb) {
    case wire::Verb::helo:
    case wire::Verb::ehlo:
      if (name_ >= 0) {
        const bool extended = lines_[static_cast<std::size_t>(name_)].front() == 'E';
        shorten(name_, extended ? "EHLO x" : "HELO x");
      }
      shorten(sender_, "MAIL FROM:<>");
      name_ = here;
      break;
    case wire::Verb::rset: shorten(sender_, "MAIL FROM:<>"); break;
    case wire::Verb::mail: sender_ = here; break;
    default: line = line.substr(0, 4); break;  // NOOP with whatever
  }
  lines_.emplace_back(line);
}

void Said::refused(wire::Verb verb) { lines_.emplace_back(wrong_line(verb)); }

}  // namespace postern::screen
