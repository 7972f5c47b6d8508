#include "lib/base/log_destination.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/text.h"

namespace postern::log {

namespace {

constexpr int kAppend = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY;

mode_t kind_of(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

Result<Fd> open_stdout() {
  Fd copy(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("duplicate standard output", errno);
  // A file never blocks, and who shares it with us goes on behind our lines.
  if (kind_of(copy.get()) == S_IFREG) return copy;
  // A description of our own, so that O_NONBLOCK does not reach the shell that we share the old one with.
  auto fresh = open_file("/proc/self/fd/1", kAppend);
  if (fresh) return fresh;
  if (kind_of(copy.get()) == S_IFSOCK) return copy;  // send(2) has a flag for it
  auto set = set_nonblocking(copy.get());
  if (!set) return fail(set.error());
  return copy;
}

// A pipe can be opened for writing while a reader is there: for that moment we are it.
Result<Fd> open_pipe(const std::string& path) {
  auto reader = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!reader) return reader;
  return open_file(path, kAppend);
}

bool same_socket(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_ctim.tv_sec == b.st_ctim.tv_sec &&
         a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

}  // namespace

Result<Fd> open_destination(const std::string& maillog_file) {
  if (maillog_file == "/dev/stdout") return open_stdout();
  auto file = open_file(maillog_file, kAppend | O_CREAT, 0600);
  if (!file && file.error().sys == ENXIO) return open_pipe(maillog_file);
  return file;
}

Result<SystemLog> SystemLog::open(std::string path) {
  SystemLog log;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return fail(Errc::too_long, concat("too long: ", path));
  log.path_ = std::move(path);
  log.fd_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!log.fd_) return fail_errno("create a socket for the system log", errno);
  log.renew();
  return log;
}

bool SystemLog::renew() {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0) return connected_ = false;
  if (connected_ && same_socket(now, at_)) return true;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  at_ = now;
  return connected_;
}

}  // namespace postern::log
