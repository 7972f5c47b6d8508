#include "commands/postern/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "lib/base/text.h"

namespace postern::commands {

namespace {

// Alternate screen, no cursor, long lines are cut; and back.
constexpr std::string_view kEnter = "\033[?1049h\033[?25l\033[?7l";
constexpr std::string_view kLeave = "\033[?7h\033[?25h\033[?1049l";
// The terminal shows what is between these two at once, if it knows them.
constexpr std::string_view kFrame = "\033[?2026h\033[H";
constexpr std::string_view kFrameEnd = "\033[?2026l";
constexpr std::string_view kClearLine = "\033[K", kClearBelow = "\033[J";  // from the cursor on

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// How the keys were before. Global for the handler of fatal signals, which nobody can give anything.
termios keys_before;
volatile sig_atomic_t keys_changed = 0;

bool say(std::string_view text) { return write_all(STDOUT_FILENO, text, "the terminal").has_value(); }

// Calls only what a signal handler may.
void give_back() {
  std::string_view left = kLeave;
  while (!left.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, left.data(), left.size());
    if (wrote <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (keys_changed) ::tcsetattr(STDIN_FILENO, TCSANOW, &keys_before);
  keys_changed = 0;
}

void on_fatal_signal(int number) {
  give_back();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

// Each key at once and unseen; Ctrl-C and Ctrl-Z stay signals.
void change_keys() {
  termios changed = keys_before;
  changed.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  changed.c_cc[VMIN] = 1;
  changed.c_cc[VTIME] = 0;
  keys_changed = 1;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &changed);
}

winsize size_of_output() {
  winsize size{};
  ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  return size;
}

bool is_set(const char* variable) {
  const char* value = ::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

bool is_screen() {
  const char* kind = ::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

Canvas canvas_of_output() {
  if (::isatty(STDOUT_FILENO) != 1) return {};
  return {size_of_output().ws_col, is_screen() && !is_set("NO_COLOR")};
}

Result<Screen> Screen::take() {
  Screen screen;
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : kSignals) ::sigaddset(&wanted, number);
  screen.signals_ = Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!screen.signals_) return fail_errno("signalfd", errno);
  screen.has_keys_ = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &keys_before) == 0;
  ::sigprocmask(SIG_BLOCK, &wanted, &screen.mask_before_);
  for (const int number : kFatal) ::signal(number, on_fatal_signal);
  screen.taken_ = true;
  if (!say(kEnter)) return fail(Errc::io, "the terminal takes no text");
  if (screen.has_keys_) change_keys();
  return screen;
}

Screen::Screen(Screen&& other) noexcept
    : signals_(std::move(other.signals_)),
      mask_before_(other.mask_before_),
      has_keys_(other.has_keys_),
      taken_(std::exchange(other.taken_, false)) {}

Screen::~Screen() {
  if (!taken_) return;
  give_back();
  for (const int number : kFatal) ::signal(number, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

Result<void> Screen::draw(const std::vector<Line>& lines) {
  const winsize size = size_of_output();
  const std::size_t height = size.ws_row > 0 ? size.ws_row : 24;
  Canvas canvas = canvas_of_output();
  // Behind a character in the last column nothing can be cleared.
  if (canvas.width > 1) --canvas.width;
  std::vector<std::string> shown = laid_out(lines, canvas);
  if (shown.size() > height) {
    const std::size_t kept = height - 1;
    const std::string more = styled(Style::faint, concat("… ", shown.size() - kept, " more lines"));
    shown.resize(kept);
    shown.push_back(laid_out({{"", "", more}}, canvas).front());
  }
  // Each line replaces the one that is there; nothing is cleared that is written again.
  std::string frame(kFrame);
  for (std::size_t i = 0; i < shown.size(); ++i) frame += concat(i == 0 ? "" : "\r\n", shown[i], kClearLine);
  return write_all(STDOUT_FILENO, concat(frame, kClearBelow, kFrameEnd), "the terminal");
}

Screen::Event Screen::wait(Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return Event::time;
    std::array<pollfd, 2> questions{pollfd{signals_.get(), POLLIN, 0}, pollfd{STDIN_FILENO, POLLIN, 0}};
    const int ready =
        ::poll(questions.data(), has_keys_ ? 2 : 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return Event::end;
    Event event = Event::time;
    if (ready > 0 && questions[0].revents != 0) event = on_signal();
    if (ready > 0 && event == Event::time && questions[1].revents != 0) event = on_key();
    if (event != Event::time) return event;
  }
}

Screen::Event Screen::on_signal() {
  signalfd_siginfo told{};
  if (::read(signals_.get(), &told, sizeof told) != sizeof told) return Event::time;
  if (told.ssi_signo == SIGWINCH) return Event::redraw;
  if (told.ssi_signo == SIGTSTP) suspend();
  if (told.ssi_signo == SIGTSTP || told.ssi_signo == SIGCONT) return Event::redraw;
  return Event::end;
}

Screen::Event Screen::on_key() {
  constexpr char kControlC = 3, kControlD = 4;
  char key = 0;
  const ssize_t got = ::read(STDIN_FILENO, &key, 1);
  if (got == 1) {
    const bool ends = key == 'q' || key == 'Q' || key == kControlC || key == kControlD;
    return ends ? Event::end : Event::time;
  }
  return got < 0 && (errno == EINTR || errno == EAGAIN) ? Event::time : Event::end;
}

void Screen::suspend() {
  give_back();
  ::raise(SIGSTOP);
  if (has_keys_) has_keys_ = ::tcgetattr(STDIN_FILENO, &keys_before) == 0;
  say(kEnter);
  if (has_keys_) change_keys();
}

}  // namespace postern::commands
