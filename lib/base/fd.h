// A file descriptor that closes itself.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"

namespace postern {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }
  void reset();

 private:
  int number_ = -1;
};

// Opens a file, close-on-exec. Fails with "open PATH: reason".
Result<Fd> open_file(const std::string& path, int flags, unsigned mode = 0600);

// Reads a whole file of at most `limit` bytes. Fails with not_found, denied, too_long or io.
Result<std::string> read_file(const std::string& path, std::size_t limit = 64u << 20);

// Writes all of `data` to a blocking descriptor. Fails with full, lost or io; the text names `what`.
Result<void> write_all(int fd, std::string_view data, std::string_view what);

// Replaces a file so that a reader sees the old or the new text, never a part, and a crash leaves one of
// them: temporary file PATH.tmp.PID in the same directory, sync, rename, sync of the directory. The new file
// has exactly this mode and our user as owner; a symbolic link at `path` is itself replaced. One thread at a
// time for one path.
Result<void> replace_file(const std::string& path, std::string_view text, unsigned mode);

// fsync of a directory: makes the names in it durable.
Result<void> sync_directory(const std::string& path);

Result<void> set_nonblocking(int fd, bool on = true);
Result<void> set_close_on_exec(int fd, bool on);

}  // namespace postern
