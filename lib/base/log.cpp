#include "lib/base/log.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>
#include <utility>

#include "lib/base/text.h"

namespace postern::log {

namespace {

constexpr std::size_t kLongestLine = 2000;
constexpr std::size_t kGathered = 32768;
constexpr int kMailFacility = 2 << 3;
constexpr int kLastWait = 100;  // milliseconds

struct State {
  Setup setup;
  bool opened = false;
  std::string tag;           // "postfix/smtpd[123]: "
  std::string pending;       // whole lines that are to be written
  std::size_t held = 0;      // their number
  std::string stamp;         // "Nov 23 04:05:06 "
  std::time_t stamped = -1;  // the second of `stamp`
  std::size_t lost = 0;      // lines that came after those that are pending
  std::uint64_t lost_in_all = 0;
  bool is_pipe = false;
  bool is_socket = false;
  bool torn = false;  // the last write took part of the line that is pending
  unsigned verbosity = 0;
};

State& state() {
  static State instance;
  return instance;
}

std::string_view word(Level level) {
  switch (level) {
    case Level::info: return "";
    case Level::warning: return "warning: ";
    case Level::error: return "error: ";
    case Level::fatal: return "fatal: ";
    case Level::panic: return "panic: ";
  }
  return "";
}

int severity(Level level) {
  switch (level) {
    case Level::info: return 6;
    case Level::warning: return 4;
    case Level::error: return 3;
    case Level::fatal:
    case Level::panic: return 2;
  }
  return 6;
}

const std::string& stamp(State& s) {
  const std::time_t now = std::time(nullptr);
  if (now != s.stamped) {
    std::tm parts{};
    ::localtime_r(&now, &parts);
    char out[32];
    std::strftime(out, sizeof out, "%b %e %H:%M:%S ", &parts);
    s.stamp = out;
    s.stamped = now;
  }
  return s.stamp;
}

std::string line_of(State& s, const std::string& tag, Level level, std::string_view text) {
  if (s.opened && s.setup.target == Target::syslog) {
    return concat("<", kMailFacility | severity(level), ">", stamp(s), tag, word(level), text, "\n");
  }
  if (s.opened) return concat(stamp(s), s.setup.host, " ", tag, word(level), text, "\n");
  return concat(tag, word(level), text, "\n");
}

// Of our own lines.
std::string line_of(State& s, Level level, std::string_view text) {
  if (s.opened) return line_of(s, s.tag, level, text);
  return line_of(s, s.setup.tag.empty() ? std::string() : s.setup.tag + ": ", level, text);
}

// "postfix/dnsblog[123]: ", as ours with another name behind the slash.
std::string tag_of(const State& s, std::string_view program) {
  const std::string_view own = s.opened ? s.tag : s.setup.tag;
  const auto slash = own.rfind('/', s.setup.tag.size()) + 1;
  return concat(own.substr(0, slash), program, s.opened ? own.substr(s.setup.tag.size()) : ": ");
}

std::size_t lines_in(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += c == '\n';
  return n;
}

// How much of `text`, whole lines, goes into one write. A datagram is one line. A pipe takes up to PIPE_BUF bytes whole
// or not at all, so the lines of several processes do not mix in it.
std::size_t portion(const State& s, std::string_view text) {
  if (s.opened && s.setup.target == Target::syslog) return text.find('\n') + 1;
  if (!s.is_pipe || text.size() <= PIPE_BUF) return text.size();
  const auto last = text.rfind('\n', PIPE_BUF - 1);
  return last == std::string_view::npos ? text.size() : last + 1;
}

// Writes what the receiver takes now; the bytes that it took.
std::size_t write_some(const State& s, std::string_view text) {
  const int fd = s.opened ? s.setup.fd.get() : STDERR_FILENO;
  ssize_t n = 0;
  do {
    n = s.is_socket ? ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                    : ::write(fd, text.data(), text.size());
  } while (n < 0 && errno == EINTR);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

// A line that was torn, by a full disk, is ended and written again: true when that may begin.
bool end_torn_line(State& s) {
  if (s.torn && write_some(s, "\n") == 1) s.torn = false;
  return !s.torn;
}

std::size_t write_portion(const State& s, std::string_view lines) {
  if (!s.opened || s.setup.target != Target::syslog) return write_some(s, lines);
  return write_some(s, lines.substr(0, lines.size() - 1)) == 0 ? 0 : lines.size();
}

// Writes lines until the receiver takes no more. Those that it did not take, or not as a whole, stay.
void write_pending(State& s) {
  std::string_view rest = s.pending;
  while (!rest.empty() && end_torn_line(s)) {
    const std::size_t wanted = portion(s, rest);
    const std::size_t written = write_portion(s, rest.substr(0, wanted));
    const std::size_t whole = rest.substr(0, written).rfind('\n') + 1;  // 0 without one
    s.torn = written > whole;
    rest.remove_prefix(whole);
    if (written < wanted) break;
  }
  const std::size_t gone = s.pending.size() - rest.size();
  if (gone == 0) return;
  s.held -= lines_in(std::string_view(s.pending).substr(0, gone));
  s.pending.erase(0, gone);
}

void lose(State& s, std::size_t lines) {
  s.lost += lines;
  s.lost_in_all += lines;
}

bool is_kind(int fd, mode_t kind) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

void add_line(State& s, Level level, const std::string& line) {
  if (s.lost > 0 || s.pending.size() + line.size() > kHeld) flush();
  if (s.lost > 0 || s.pending.size() + line.size() > kHeld) return lose(s, 1);
  s.pending += line;
  ++s.held;
  const bool at_once = level != Level::info || (s.opened && s.setup.target == Target::syslog);
  if (at_once || s.pending.size() > kGathered) flush();
}

}  // namespace

void open(Setup setup) {
  flush();
  State& s = state();
  lose(s, std::exchange(s.held, 0));
  s.pending.clear();
  s.setup = std::move(setup);
  s.opened = static_cast<bool>(s.setup.fd);
  s.is_pipe = is_kind(s.setup.fd.get(), S_IFIFO);
  s.is_socket = is_kind(s.setup.fd.get(), S_IFSOCK);
  s.torn = false;
  s.tag = concat(s.setup.tag, "[", ::getpid(), "]: ");
  stamp(s);  // reads the time zone's file, which a jail hides
}

void write(Level level, std::string_view text) {
  State& s = state();
  add_line(s, level, line_of(s, level, printable(text, kLongestLine)));
}

void write_as(std::string_view program, Level level, std::string_view text) {
  State& s = state();
  add_line(s, level, line_of(s, tag_of(s, program), level, printable(text, kLongestLine)));
}

void flush() {
  State& s = state();
  write_pending(s);
  if (!s.pending.empty() || s.lost == 0) return;
  s.pending = line_of(s, Level::warning, concat(s.lost, " log lines could not be written"));
  s.held = 1;
  s.lost = 0;
  write_pending(s);
}

void finish() {
  constexpr int kStep = 10;
  flush();
  for (int left = kLastWait; left > 0 && waiting(); left -= kStep) {
    pollfd receiver{state().opened ? state().setup.fd.get() : STDERR_FILENO, POLLOUT, 0};
    if (::poll(&receiver, 1, kStep) != 0 && (receiver.revents & POLLOUT) == 0) return;  // nobody is there
    flush();
  }
}

bool waiting() { return !state().pending.empty() || state().lost > 0; }

void set_verbosity(unsigned level) { state().verbosity = level; }

unsigned verbosity() { return state().verbosity; }

std::size_t lost() { return state().lost; }

std::size_t unsaid() { return state().held + state().lost; }

void add_lost(std::size_t lines) { state().lost += lines; }

std::uint64_t lost_in_all() { return state().lost_in_all; }

}  // namespace postern::log
