#include "lib/base/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "lib/base/text.h"

namespace postern {

void Fd::reset() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
  const int number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (number < 0) return fail_errno(concat("open ", path), errno);
  return Fd(number);
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return fail(fd.error());
  struct stat status {};
  if (::fstat(fd->get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return fail_errno(concat("read ", path), EISDIR);
  }
  std::string text;
  if (S_ISREG(status.st_mode)) text.reserve(std::min(limit, static_cast<std::size_t>(status.st_size)));
  char block[65536];
  for (;;) {
    const ssize_t n = ::read(fd->get(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(concat("read ", path), errno);
    if (n == 0) return text;
    text.append(block, static_cast<std::size_t>(n));
    if (text.size() > limit)
      return fail(Errc::too_long, concat("read ", path, ": larger than ", limit, " bytes"));
  }
}

Result<void> write_all(int fd, std::string_view data, std::string_view what) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(concat("write ", what), errno);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> sync_directory(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(fd.error());
  if (::fsync(fd->get()) != 0) return fail_errno(concat("sync ", path), errno);
  return {};
}

namespace {

Result<void> fill(int fd, const std::string& name, std::string_view text, unsigned mode) {
  if (::fchmod(fd, mode) != 0) return fail_errno(concat("chmod ", name), errno);
  auto written = write_all(fd, text, name);
  if (!written) return written;
  if (::fsync(fd) != 0) return fail_errno(concat("sync ", name), errno);
  return {};
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view text, unsigned mode) {
  const std::string temporary = concat(path, ".tmp.", ::getpid());
  // What a crash left behind goes; what somebody else puts there now is not ours to write into.
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT)
    return fail_errno(concat("remove ", temporary), errno);
  auto fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (!fd) return fail(fd.error());
  auto filled = fill(fd->get(), temporary, text, mode);
  if (filled && ::rename(temporary.c_str(), path.c_str()) != 0) {
    filled = fail_errno(concat("rename ", temporary, " to ", path), errno);
  }
  if (!filled) {
    ::unlink(temporary.c_str());
    return filled;
  }
  const auto slash = path.rfind('/');
  return sync_directory(slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash));
}

Result<void> set_nonblocking(int fd, bool on) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0) {
    return fail_errno("set O_NONBLOCK", errno);
  }
  return {};
}

Result<void> set_close_on_exec(int fd, bool on) {
  if (::fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0) return fail_errno("set FD_CLOEXEC", errno);
  return {};
}

}  // namespace postern
