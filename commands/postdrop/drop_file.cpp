#include "commands/postdrop/drop_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/daemon/contract.h"
#include "lib/queue/maildrop.h"

namespace postern::postdrop {

namespace {

constexpr const char* kPickup = "public/pickup";

// What a signal removes. Written while signals wait.
std::array<char, 256> unfinished{};

std::string path_of(char stage, const std::string& name) { return concat("maildrop/", stage, name); }

class SignalsWait {
 public:
  SignalsWait() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsWait() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  SignalsWait(const SignalsWait&) = delete;
  SignalsWait& operator=(const SignalsWait&) = delete;

 private:
  sigset_t before_{};
};

void end_unfinished(int) {
  if (unfinished[0] != '\0') ::unlink(unfinished.data());
  ::_exit(EX_TEMPFAIL);
}

std::string new_name() {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%llX.%ld", static_cast<unsigned long long>(wall_micros()),
                static_cast<long>(::getpid()));
  return text.data();
}

}  // namespace

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = end_unfinished;
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) ::sigaction(number, &action, nullptr);
  action.sa_handler = SIG_IGN;
  for (const int number : {SIGPIPE, SIGXFSZ}) ::sigaction(number, &action, nullptr);
}

Result<DropFile> DropFile::create(std::string_view envelope) {
  std::string name;
  Result<Fd> file = fail(Errc::exists, "");
  {
    const SignalsWait wait;
    while (!file && file.error().kind == Errc::exists) {
      name = new_name();
      file = open_file(path_of(queue::kBeingWritten, name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    }
    if (file) std::snprintf(unfinished.data(), unfinished.size(), "%s", path_of(queue::kBeingWritten, name).c_str());
  }
  if (!file) {
    // Whatever the reason: it is not the caller's fault, and later it may work.
    return fail(Error{Errc::io, concat("create file in maildrop: ", std::strerror(file.error().sys)), file.error().sys});
  }
  DropFile made(std::move(*file), std::move(name), static_cast<std::int64_t>(envelope.size()));
  // The place of the first line stays empty until the end.
  auto written = write_all(made.fd_.get(), std::string(queue::kFirstLine, '\0'), "maildrop file");
  if (written) written = write_all(made.fd_.get(), envelope, "maildrop file");
  if (!written) return fail(written.error());
  return made;
}

DropFile::DropFile(DropFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      name_(std::exchange(other.name_, {})),
      envelope_(other.envelope_),
      size_(other.size_) {}

DropFile::~DropFile() {
  if (name_.empty()) return;
  const SignalsWait wait;
  ::unlink(path_of(queue::kBeingWritten, name_).c_str());
  unfinished[0] = '\0';
}

Result<void> DropFile::write(std::string_view content) {
  size_ += static_cast<std::int64_t>(content.size());
  return write_all(fd_.get(), content, "maildrop file");
}

Result<void> DropFile::keep() {
  const std::string line = queue::format_first_line({envelope_, size_});
  if (::pwrite(fd_.get(), line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    return fail_errno("write maildrop file", errno);
  }
  // Readable for pickup, which is another user; nobody else may enter the directory.
  if (::fchmod(fd_.get(), 0444) != 0) return fail_errno("chmod maildrop file", errno);
  if (::fsync(fd_.get()) != 0) return fail_errno("sync maildrop file", errno);
  {
    const SignalsWait wait;
    if (::rename(path_of(queue::kBeingWritten, name_).c_str(), path_of(queue::kWaiting, name_).c_str()) != 0) {
      return fail_errno("rename maildrop file", errno);
    }
    name_.clear();
    unfinished[0] = '\0';
  }
  // We may not read the directory, so that it cannot be synced by itself: with the file its name is.
  ::fsync(fd_.get());
  return {};
}

Result<void> wake_pickup() {
  struct stat status {};
  if (::stat(kPickup, &status) != 0) return fail_errno(concat("unable to look up ", kPickup), errno);
  const auto unreachable = [] { return fail_errno(concat("connect to ", kPickup), errno); };
  Fd to;
  if (S_ISFIFO(status.st_mode)) {
    to = Fd(::open(kPickup, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  } else {
    to = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, kPickup);
    const bool connected = to && ::connect(to.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    // Its backlog is full: whoever waits there wakes it.
    if (!connected && errno == EAGAIN) return {};
    if (!connected) return unreachable();
  }
  if (!to) return unreachable();
  if (::write(to.get(), &daemon::kWakeup, 1) != 1) return unreachable();
  return {};
}

}  // namespace postern::postdrop
