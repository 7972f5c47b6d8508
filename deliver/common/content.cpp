#include "deliver/common/content.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/mail/header.h"

namespace postern::deliver {

namespace {

constexpr std::size_t kBlock = 256 * 1024;
constexpr std::size_t kKernelCopy = 8u << 20;
constexpr std::size_t kHeaderPeek = 256 * 1024;  // of a spooled part: where header fields are looked for

std::string shown(std::string_view address) { return printable(mail::from_internal(address).quoted()); }

// The next block of the spooled part; empty at its end.
Result<std::string_view> read_block(int fd, std::int64_t at, char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t n = ::pread(fd, buffer, size, at);
    if (n >= 0) return std::string_view(buffer, static_cast<std::size_t>(n));
    if (errno != EINTR) return fail_errno("read spooled content", errno);
  }
}

Result<void> copy_blocks(const Fd& spool, std::int64_t at,
                         const std::function<Result<void>(std::string_view block)>& take) {
  const auto buffer = std::make_unique<char[]>(kBlock);
  for (;;) {
    const auto block = read_block(spool.get(), at, buffer.get(), kBlock);
    if (!block) return fail(block.error());
    if (block->empty()) return {};
    auto taken = take(*block);
    if (!taken) return taken;
    at += static_cast<std::int64_t>(block->size());
  }
}

// Lets the kernel copy as much as it can; where it stopped, because it was the end or it cannot.
Result<std::int64_t> copy_in_kernel(int from, int to) {
  loff_t at = 0;
  for (;;) {
    const ssize_t n = ::copy_file_range(from, &at, to, nullptr, kKernelCopy, 0);
    if (n == 0) return at;
    if (n > 0 || errno == EINTR) continue;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO) {
      return fail_errno("write message", errno);
    }
    return at;
  }
}

Result<void> write_two(int fd, std::string_view first, std::string_view second) {
  const iovec parts[] = {{const_cast<char*>(first.data()), first.size()},
                         {const_cast<char*>(second.data()), second.size()}};
  const ssize_t n = ::writev(fd, parts, 2);
  if (n < 0 && errno != EINTR) return fail_errno("write message", errno);
  const auto done = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  if (done == first.size() + second.size()) return {};
  if (done < first.size()) {
    auto written = write_all(fd, first.substr(done), "message");
    if (!written) return written;
  }
  return write_all(fd, second.substr(done > first.size() ? done - first.size() : 0), "message");
}

}  // namespace

std::string return_path(std::string_view sender) { return concat("Return-Path: <", shown(sender), ">\n"); }

std::string original_to(std::string_view address) {
  return address.empty() ? std::string() : concat("X-Original-To: ", shown(address), "\n");
}

std::string delivered_to(std::string_view address) { return concat("Delivered-To: ", shown(address), "\n"); }

std::string trace_header(const ipc::Deliver& message, const ipc::DeliverTo& recipient) {
  return return_path(message.sender) + original_to(recipient.original) + delivered_to(recipient.address);
}

Result<void> each_block(const ipc::Deliver& message,
                        const std::function<Result<void>(std::string_view block)>& take) {
  auto taken = take(message.content);
  if (!taken || !message.spool) return taken;
  return copy_blocks(message.spool, 0, take);
}

bool was_delivered_to(const ipc::Deliver& message, std::string_view address) {
  std::string with_spool;
  std::string_view text = message.content;
  if (message.spool) {
    with_spool.resize(kHeaderPeek);
    const auto block = read_block(message.spool.get(), 0, with_spool.data(), with_spool.size());
    with_spool.resize(block ? block->size() : 0);
    with_spool.insert(0, message.content);
    text = with_spool;
  }
  const std::string wanted = shown(address);
  mail::HeaderWalk walk(text);
  while (const auto field = walk.next()) {
    if (!field->is("Delivered-To")) continue;
    const std::string value = field->unfolded();
    if (iequals(trim(value), address) || iequals(trim(value), wanted)) return true;
  }
  return false;
}

Result<std::int64_t> content_size(const ipc::Deliver& message) {
  auto size = static_cast<std::int64_t>(message.content.size());
  if (!message.spool) return size;
  struct stat spool {};
  if (::fstat(message.spool.get(), &spool) != 0) return fail_errno("stat spooled content", errno);
  return size + spool.st_size;
}

Result<void> write_content(int fd, std::string_view head, const ipc::Deliver& message) {
  auto written = write_two(fd, head, message.content);
  if (!written || !message.spool) return written;
  return copy_spooled(fd, message);
}

Result<void> copy_spooled(int fd, const ipc::Deliver& message) {
  const auto copied = copy_in_kernel(message.spool.get(), fd);
  if (!copied) return fail(copied.error());
  return copy_blocks(message.spool, *copied,
                     [fd](std::string_view block) { return write_all(fd, block, "message"); });
}

Result<void> write_quoted(int fd, std::string_view head, const ipc::Deliver& message) {
  FromQuoter quoter;
  std::string out(head);
  quoter.feed(message.content, out);
  if (message.spool) {
    auto copied = copy_blocks(message.spool, 0, [&](std::string_view block) {
      quoter.feed(block, out);
      auto written = write_all(fd, out, "message");
      out.clear();
      return written;
    });
    if (!copied) return copied;
  }
  quoter.finish(out);
  return write_all(fd, out, "message");
}

void FromQuoter::release(std::string& out) {
  out += kFrom.substr(0, matched_);
  matched_ = 0;
}

void FromQuoter::feed(std::string_view piece, std::string& out) {
  while (!piece.empty()) {
    if (at_start_ && piece.front() == kFrom[matched_]) {
      piece.remove_prefix(1);
      if (++matched_ < kFrom.size()) continue;
      out += '>';
      release(out);
      at_start_ = false;
      continue;
    }
    release(out);
    const auto end = piece.find('\n');
    at_start_ = end != std::string_view::npos;
    const auto line = piece.substr(0, at_start_ ? end + 1 : end);
    out += line;
    piece.remove_prefix(line.size());
  }
}

void FromQuoter::finish(std::string& out) {
  const bool ended = at_start_ && matched_ == 0;
  release(out);
  out += ended ? "\n" : "\n\n";
}

}  // namespace postern::deliver
