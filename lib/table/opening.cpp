#include "lib/table/opening.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::table {

namespace {

// Set for the time of a preparation only: the many places that open tables need not know what they need.
thread_local Opening* current = nullptr;

constexpr std::size_t kBlock = 256 * 1024;
constexpr int kReadings = 20;
// File times move in steps of the kernel's clock, at most 10 ms each.
constexpr long kClockStep = 20'000'000;

bool was_just_changed(const struct stat& status) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const long nanoseconds =
      (now.tv_sec - status.st_mtim.tv_sec) * 1'000'000'000L + now.tv_nsec - status.st_mtim.tv_nsec;
  return now.tv_sec - status.st_mtim.tv_sec <= 1 && nanoseconds >= 0 && nanoseconds < kClockStep;
}

Result<std::string> read_to_end(int fd, const std::string& path, std::size_t limit) {
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kBlock);
    const ssize_t got = ::read(fd, text.data() + before, kBlock);
    text.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(concat("read ", path), errno);
    if (text.size() > limit) return fail(Errc::too_long, concat(path, ": longer than ", limit, " bytes"));
    if (got == 0) return text;
  }
}

}  // namespace

Opening::Opening(const config::Settings* settings, net::Loop* loop, Report report)
    : settings_(settings), loop_(loop), report_(std::move(report)), before_(current) {
  current = this;
}

Opening::~Opening() { current = before_; }

Opening* Opening::now() { return current; }

void Opening::report(Trouble trouble, const std::string& text) {
  if (current != nullptr && current->report_) return current->report_(trouble, text);
  if (trouble == Trouble::error) return log_error(text);
  log_warning(text);
}

Result<std::string> read_watched(const std::string& path, std::size_t limit) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return fail(file.error());
  for (int reading = 1;; ++reading) {
    struct stat before {
    }, after{};
    if (::fstat(file->get(), &before) != 0) return fail_errno(concat("stat ", path), errno);
    if (S_ISDIR(before.st_mode)) return fail_errno(concat("read ", path), EISDIR);
    auto text = read_to_end(file->get(), path, limit);
    if (!text || !S_ISREG(before.st_mode)) return text;
    if (::fstat(file->get(), &after) != 0) return fail_errno(concat("stat ", path), errno);
    if (reading < kReadings && (was_just_changed(after) || !WatchedFiles::same(before, after))) {
      const timespec pause{0, kClockStep};
      ::nanosleep(&pause, nullptr);
      if (::lseek(file->get(), 0, SEEK_SET) != 0) return fail_errno(concat("read ", path), errno);
      continue;
    }
    if (current != nullptr) current->files().add(path, std::move(*file), before);
    return text;
  }
}

}  // namespace postern::table
