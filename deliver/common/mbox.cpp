#include "deliver/common/mbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "deliver/common/content.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mail/address.h"

namespace postern::deliver {

namespace {

struct Opened {
  Fd fd;
  bool is_new = false;
};

Result<void> check(int fd, const std::string& path, bool own_only) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno(concat("stat ", path), errno);
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::denied, concat("destination ", path, " is not a regular file"));
  }
  if (status.st_nlink != 1) return fail(Errc::denied, concat(path, " has ", status.st_nlink, " names"));
  if (own_only && status.st_uid != ::geteuid()) {
    return fail(Errc::denied, concat("destination ", path, " is not owned by recipient"));
  }
  return {};
}

Result<Opened> open_mbox(const std::string& path, bool own_only) {
  constexpr int kFlags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  Opened opened;
  opened.fd = Fd(::open(path.c_str(), kFlags));
  if (!opened.fd && errno == ENOENT) {
    opened.fd = Fd(::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0600));
    opened.is_new = static_cast<bool>(opened.fd);
    if (!opened.fd && errno == EEXIST) opened.fd = Fd(::open(path.c_str(), kFlags));
  }
  if (!opened.fd) return fail_errno(concat("open ", path), errno);
  auto checked = check(opened.fd.get(), path, own_only);
  if (!checked) return fail(checked.error());
  return opened;
}

// A delivery that a crash cut off may have left half a line.
Result<bool> ends_in_mid_line(int fd, std::int64_t size) {
  char last = '\n';
  if (size > 0 && ::pread(fd, &last, 1, size - 1) != 1) return fail_errno("read mailbox", errno);
  return last != '\n';
}

Result<void> sync_new(const std::string& path, int fd) {
  const auto synced = sync_directory(path.substr(0, path.rfind('/') + 1));
  // A spool directory that we may not read: the file system as a whole then.
  if (!synced && ::syncfs(fd) != 0) return fail_errno(concat("sync ", path), errno);
  return {};
}

Result<void> append(int fd, std::int64_t old_size, std::string_view head, const ipc::Deliver& message,
                    std::int64_t limit) {
  const auto size = content_size(message);
  if (!size) return fail(size.error());
  if (limit > 0 && old_size + static_cast<std::int64_t>(head.size()) + *size > limit) {
    return fail_errno("error writing message", EFBIG);
  }
  const auto torn = ends_in_mid_line(fd, old_size);
  if (!torn) return fail(torn.error());
  auto written = write_quoted(fd, *torn ? concat("\n", head) : std::string(head), message);
  if (!written) return written;
  if (::fsync(fd) != 0) return fail_errno("sync mailbox", errno);
  return {};
}

}  // namespace

std::string from_line(std::string_view sender, std::int64_t wall) {
  const std::time_t when = wall / 1'000'000;
  std::tm parts{};
  ::localtime_r(&when, &parts);
  char date[64];
  std::strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &parts);
  const auto who = sender.empty() ? std::string("MAILER-DAEMON") : mail::from_internal(sender).quoted();
  return concat("From ", printable(who), "  ", date, "\n");
}

Result<void> append_to_mbox(const std::string& path, std::string_view head, const ipc::Deliver& message,
                            std::int64_t limit, const LockRules& rules) {
  const auto opened = open_mbox(path, rules.own_only);
  if (!opened) return fail(opened.error());
  const int fd = opened->fd.get();
  const auto lock = MboxLock::take(fd, path, rules);
  if (!lock) return fail(lock.error());
  struct stat status {};
  struct stat named {};
  if (::fstat(fd, &status) != 0 || ::lstat(path.c_str(), &named) != 0) {
    return fail_errno(concat("stat ", path), errno);
  }
  if (status.st_dev != named.st_dev || status.st_ino != named.st_ino) {
    return fail(Errc::busy, concat(path, " was replaced while we waited for it"));
  }
  auto appended = append(fd, status.st_size, head, message, limit);
  if (appended && opened->is_new) appended = sync_new(path, fd);
  if (!appended && (::ftruncate(fd, status.st_size) != 0 || ::fsync(fd) != 0)) {
    return fail_errno(concat(appended.error().text, "; and cannot undo it"), errno);
  }
  return appended;
}

Result<void> make_mbox(const std::string& path, Owner owner) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd && errno == EEXIST) return {};
  if (!fd) return fail_errno(concat("make ", path), errno);
  if (::fchown(fd.get(), owner.uid, owner.gid) != 0) {
    const int number = errno;
    ::unlink(path.c_str());
    return fail_errno(concat("chown ", path), number);
  }
  return sync_new(path, fd.get());
}

}  // namespace postern::deliver
