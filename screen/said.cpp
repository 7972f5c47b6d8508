#include "screen/said.h"

#include "lib/wire/command.h"

namespace postern::screen {

namespace {

// The shortest line of each verb that is always an error, whatever was said before.
std::string_view wrong_line(wire::Verb verb) {
  switch (verb) {
    case wire::Verb::helo: return "HELO";
    case wire::Verb::ehlo: return "EHLO";
    case wire::Verb::mail: return "MAIL";
    case wire::Verb::rcpt: return "RCPT";
    case wire::Verb::data: return "DATA ?";
    case wire::Verb::rset: return "RSET ?";
    case wire::Verb::noop: return "NOOP \xff";
    case wire::Verb::quit: return "QUIT \xff";
    default: return "?";
  }
}

}  // namespace

void Said::shorten(std::int8_t& at, std::string_view text) {
  if (at >= 0) lines_[static_cast<std::size_t>(at)] = text;
  at = -1;
}

void Said::obeyed(wire::Verb verb, std::string_view line) {
  const auto here = static_cast<std::int8_t>(lines_.size());
  if (verb == wire::Verb::mail) {
    sender_ = here;
  } else {
    shorten(sender_, "MAIL FROM:<>");
  }
  if (verb == wire::Verb::helo || verb == wire::Verb::ehlo) {
    shorten(name_, greeted_ == wire::Verb::ehlo ? "EHLO x" : "HELO x");
    name_ = here;
    greeted_ = verb;
  }
  lines_.emplace_back(line);
}

void Said::obeyed_nothing(std::string_view line) { lines_.push_back(wire::verb_of(line)); }

void Said::refused(wire::Verb verb) { lines_.emplace_back(wrong_line(verb)); }

}  // namespace postern::screen
