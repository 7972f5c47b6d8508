#include "lib/base/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
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
  bool torn = false;  // the last write took part of a line
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
    case Level::fatal: return 2;
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

void send_datagram(State& s, Level level, std::string_view text) {
  const std::string line = concat("<", kMailFacility | severity(level), ">", stamp(s), s.tag, word(level), text);
  if (::send(s.setup.fd.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) ++s.lost;
}

void add_line(State& s, Level level, std::string_view text) {
  if (s.opened) {
    s.pending += stamp(s);
    s.pending += s.setup.host;
    s.pending += ' ';
    s.pending += s.tag;
  } else if (!s.setup.tag.empty()) {
    s.pending += s.setup.tag;
    s.pending += ": ";
  }
  s.pending += word(level);
  s.pending += text;
  s.pending += '\n';
}

std::size_t lines_in(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += c == '\n';
  return n;
}

void speak_of_losses(State& s) {
  if (s.lost == 0 || s.setup.target != Target::descriptor) return;
  const std::size_t lost = s.lost;
  s.lost = 0;
  std::string rest;
  rest.swap(s.pending);
  if (s.torn) s.pending += '\n';
  s.torn = false;
  add_line(s, Level::warning, concat(lost, " log lines could not be written"));
  s.pending += rest;
}

}  // namespace

void open(Setup setup) {
  flush();
  State& s = state();
  s.setup = std::move(setup);
  s.opened = static_cast<bool>(s.setup.fd);
  s.tag = concat(s.setup.tag, "[", ::getpid(), "]: ");
}

void write(Level level, std::string_view text) {
  State& s = state();
  const std::string safe = printable(text, kLongestLine);
  if (s.opened && s.setup.target == Target::syslog) {
    send_datagram(s, level, safe);
    return;
  }
  add_line(s, level, safe);
  if (level != Level::info || s.pending.size() > kGathered) flush();
}

void flush() {
  State& s = state();
  if (s.pending.empty()) return;
  speak_of_losses(s);
  const int fd = s.opened ? s.setup.fd.get() : STDERR_FILENO;
  ssize_t n = 0;
  do {
    n = ::write(fd, s.pending.data(), s.pending.size());
  } while (n < 0 && errno == EINTR);
  const auto written = static_cast<std::size_t>(n < 0 ? 0 : n);
  if (written < s.pending.size()) {
    s.lost += lines_in(std::string_view(s.pending).substr(written));
    s.torn = written > 0 && s.pending[written - 1] != '\n';
  }
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

std::size_t lost() { return state().lost; }

}  // namespace postern::log
