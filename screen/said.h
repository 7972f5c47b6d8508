// The command lines that were answered in a server's name. The server repeats them for itself when it gets the session, so
// that its own account of the session (state, errors, commands by verb) is what the client believes. What no longer
// matters is kept short: at most a name and a sender have their full length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/wire/verb.h"

namespace postern::screen {

class Said {
 public:
  // Lines that are kept.
  static constexpr std::size_t kMost = 20;

  // HELO, EHLO, MAIL or RSET that was obeyed. All but MAIL make short what was obeyed before.
  void obeyed(wire::Verb verb, std::string_view line);
  // A command that does nothing, as NOOP.
  void obeyed_nothing(std::string_view line);
  // One that was answered with an error: a line that a server answers with an error of the same verb is kept.
  void refused(wire::Verb verb);
  bool full() const { return lines_.size() >= kMost; }
  const std::vector<std::string>& lines() const { return lines_; }
  std::vector<std::string> take() { return std::exchange(lines_, {}); }

 private:
  void shorten(std::int8_t& at, std::string_view text);
  std::vector<std::string> lines_;
  std::int8_t name_ = -1;    // where HELO or EHLO stands
  std::int8_t sender_ = -1;  // where MAIL stands
  wire::Verb greeted_ = wire::Verb::helo;
};

}  // namespace postern::screen
