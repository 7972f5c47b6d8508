// The screen of a terminal while --watch has it: the alternate one, without a cursor, with keys that count at once. However
// the program ends, short of SIGKILL, the terminal is as it was before.
#pragma once

#include <signal.h>
#include <termios.h>

#include <cstddef>
#include <string>
#include <vector>

#include "commands/postern/layout.h"
#include "lib/base/fd.h"
#include "lib/base/time.h"

namespace postern::commands {

// Whether standard output is a terminal that can be drawn on.
bool is_screen();

// The width of the terminal on standard output, and colours unless NO_COLOR is set; neither when it is no terminal.
Canvas canvas_of_output();

class Screen {
 public:
  // Takes the terminal of standard output, and its keys if it is standard input too. Fails with io.
  static Result<Screen> take();
  Screen(Screen&& other) noexcept;
  Screen& operator=(Screen&&) = delete;
  ~Screen();

  // Shows the lines from the top, and says how many more there are when the screen is too low. Fails with lost when the
  // terminal is gone.
  Result<void> draw(const std::vector<Line>& lines);

  // What came first: the time; a key, a signal or the end of the terminal that says to end; a change of the screen that
  // must be drawn anew. SIGTSTP gives the terminal back until the program goes on.
  enum class Event { time, end, redraw };
  Event wait(Deadline deadline);

 private:
  Screen() = default;
  Event on_signal();
  Event on_key();
  void suspend();

  Fd signals_;
  sigset_t mask_before_{};
  bool has_keys_ = false;
  bool taken_ = false;
};

}  // namespace postern::commands
