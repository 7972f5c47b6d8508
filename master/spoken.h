// What a process writes to its standard error: its own complaint when it cannot start, or that of a library. Lines go
// into the log, a bounded number of them; the last one is kept.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "lib/base/time.h"

namespace postern::master {

class Spoken {
 public:
  using Say = std::function<void(std::string_view)>;

  static constexpr std::size_t kLongestLine = 500;
  static constexpr unsigned kLinesAMinute = 20;

  // Takes bytes as they come; says each whole line, and how many it has left out once a minute is over.
  void take(std::string_view bytes, Instant now, const Say& say);
  // The process is gone: what is left is a line too.
  void end(Instant now, const Say& say);

  const std::string& last_line() const { return last_line_; }

 private:
  void line(Instant now, const Say& say);

  std::string pending_;
  std::string last_line_;
  Instant minute_began_{};
  unsigned said_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace postern::master
