#include "lib/base/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

#include "lib/base/text.h"

namespace postern::log {

namespace {

constexpr std::size_t kLongestLine = 2000;
constexpr std::size_t kGathered = 32768;
constexpr int kMailFacility = 2 << 3;

struct State {
  Setup setup;
  bool opened = false;
  std::string tag;           // "postfix/smtpd[123]: "
  std::string pending;       // whole lines, for a descriptor
  std::string stamp;         // "Nov 23 04:05:06 "
  std::time_t stamped = -1;  // the second of `stamp`
  std::size_t lost = 0;
  bool is_pipe = false;
  bool torn = false;  // the last write took part of a line
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

bool send_datagram(State& s, Level level, std::string_view text) {
  const std::string line =
      concat("<", kMailFacility | severity(level), ">", stamp(s), s.tag, word(level), text);
  return ::send(s.setup.fd.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

std::string line_of(State& s, Level level, std::string_view text) {
  if (s.opened) return concat(stamp(s), s.setup.host, " ", s.tag, word(level), text, "\n");
  if (s.setup.tag.empty()) return concat(word(level), text, "\n");
  return concat(s.setup.tag, ": ", word(level), text, "\n");
}

std::size_t lines_in(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += c == '\n';
  return n;
}

// How much of `text`, whole lines, goes into one write. A pipe takes up to PIPE_BUF bytes whole or not at
// all, so the lines of several processes do not mix in it.
std::size_t portion(const State& s, std::string_view text) {
  if (!s.is_pipe || text.size() <= PIPE_BUF) return text.size();
  const auto last = text.rfind('\n', PIPE_BUF - 1);
  return last == std::string_view::npos ? text.size() : last + 1;
}

// Writes what the receiver takes now; the bytes that it took.
std::size_t write_some(const State& s, std::string_view text) {
  const int fd = s.opened ? s.setup.fd.get() : STDERR_FILENO;
  ssize_t n = 0;
  do {
    n = ::write(fd, text.data(), text.size());
  } while (n < 0 && errno == EINTR);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

// Writes lines until the receiver takes no more; the rest.
std::string_view write_lines(State& s, std::string_view text) {
  while (!text.empty()) {
    const std::size_t wanted = portion(s, text);
    const std::size_t written = write_some(s, text.substr(0, wanted));
    if (written > 0) s.torn = text[written - 1] != '\n';
    text.remove_prefix(written);
    if (written < wanted) break;
  }
  return text;
}

// Says how many lines are missing. They stay counted until that could be said.
bool speak_of_losses(State& s) {
  if (s.lost == 0) return true;
  const std::string text = concat(s.lost, " log lines could not be written");
  bool said = false;
  if (s.opened && s.setup.target == Target::syslog) {
    said = send_datagram(s, Level::warning, text);
  } else {
    said = write_lines(s, concat(s.torn ? "\n" : "", line_of(s, Level::warning, text))).empty();
  }
  if (said) s.lost = 0;
  return said;
}

bool is_pipe(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

void open(Setup setup) {
  flush();
  State& s = state();
  s.setup = std::move(setup);
  s.opened = static_cast<bool>(s.setup.fd);
  s.is_pipe = is_pipe(s.setup.fd.get());
  s.torn = false;
  s.tag = concat(s.setup.tag, "[", ::getpid(), "]: ");
  stamp(s);  // reads the time zone's file, which a jail hides
}

void write(Level level, std::string_view text) {
  State& s = state();
  const std::string safe = printable(text, kLongestLine);
  if (s.opened && s.setup.target == Target::syslog) {
    if (!speak_of_losses(s) || !send_datagram(s, level, safe)) ++s.lost;
    return;
  }
  s.pending += line_of(s, level, safe);
  if (level != Level::info || s.pending.size() > kGathered) flush();
}

void flush() {
  State& s = state();
  if (s.pending.empty()) return;
  std::string_view rest = s.pending;
  if (speak_of_losses(s)) rest = write_lines(s, rest);
  s.lost += lines_in(rest);
  s.pending.clear();
}

Result<Fd> open_destination(const std::string& maillog_file) {
  if (maillog_file.empty()) {
    Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, "/dev/log");
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      return fail_errno("connect to /dev/log", errno);
    }
    return fd;
  }
  if (maillog_file == "/dev/stdout") {
    // A description of our own, so that O_NONBLOCK does not reach the shell that we share the old one with.
    auto fresh = open_file("/proc/self/fd/1", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
    if (fresh) return fresh;
    Fd copy(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!copy) return fail_errno("duplicate standard output", errno);
    return copy;
  }
  return open_file(maillog_file, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0600);
}

void set_verbosity(unsigned level) { state().verbosity = level; }

unsigned verbosity() { return state().verbosity; }

std::size_t lost() { return state().lost; }

}  // namespace postern::log
