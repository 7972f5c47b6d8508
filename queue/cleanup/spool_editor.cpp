#include "queue/cleanup/spool_editor.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace postern::cleanup {

namespace {

constexpr std::size_t kBlock = 64 * 1024;

}  // namespace

Result<std::string> SpoolEditor::read() {
  std::string block(kBlock, '\0');
  ssize_t got = 0;
  do {
    got = ::pread(file_, block.data(), block.size(), read_);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("read a spool file", errno);
  block.resize(static_cast<std::size_t>(got));
  read_ += got;
  return block;
}

Result<void> SpoolEditor::put(std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    const auto put = ::pwrite(file_, out_.data() + done, size - done, written_);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return fail_errno("write a spool file", errno);
    written_ += put;
    done += static_cast<std::size_t>(put);
  }
  out_.erase(0, size);
  return {};
}

Result<void> SpoolEditor::write(bool changed, std::size_t unread) {
  if (changed) return put(std::min(out_.size(), static_cast<std::size_t>(read_ - written_)));
  written_ = read_ - static_cast<std::int64_t>(unread);
  out_.clear();
  return {};
}

Result<void> SpoolEditor::finish(bool changed) {
  if (!changed) return {};
  auto written = put(out_.size());
  if (!written) return written;
  if (::ftruncate(file_, written_) != 0) return fail_errno("cut a spool file", errno);
  growth_ = written_ - read_;
  return {};
}

}  // namespace postern::cleanup
