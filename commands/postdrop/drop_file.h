// A new file of maildrop/. It has another name until it is whole and on disk, and is removed when it never gets there:
// also when a signal ends us.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace postern::postdrop {

class DropFile {
 public:
  // Makes the file, in maildrop/ of the current directory, and puts the envelope into it. Fails as open(2) and write(2).
  static Result<DropFile> create(std::string_view envelope);
  DropFile(DropFile&& other) noexcept;
  DropFile& operator=(DropFile&&) = delete;
  ~DropFile();

  // Fails with full or io.
  Result<void> write(std::string_view content);
  std::int64_t size() const { return size_; }
  // Makes it durable and gives it its name: from now on it is mail.
  Result<void> keep();

 private:
  DropFile(Fd fd, std::string name, std::int64_t envelope)
      : fd_(std::move(fd)), name_(std::move(name)), envelope_(envelope) {}
  Fd fd_;
  std::string name_;  // without its first character, which tells how far it is
  std::int64_t envelope_;
  std::int64_t size_ = 0;  // of the content
};

// SIGHUP, SIGINT, SIGQUIT and SIGTERM remove what is not whole, and end us with EX_TEMPFAIL.
void watch_signals();

// Tells pickup, or whoever stands in for it, that there is mail. Fails when nobody is there: pickup looks by itself later.
Result<void> wake_pickup();

}  // namespace postern::postdrop
