#include "lib/net/stream.h"

#include <sys/socket.h>

#include <cerrno>

namespace postern::net {

namespace {

// What is read ahead of a line: a client that pipelines and does not read our replies holds no more than
// this.
constexpr std::size_t kReadAhead = 16 * 1024;

// A waiting session keeps no large buffer.
void release(std::string& text) {
  if (text.capacity() > 4096) {
    std::string().swap(text);
  } else {
    text.clear();
  }
}

}  // namespace

Task<Result<Line>> Stream::read_line(std::size_t limit, Deadline deadline) {
  std::size_t searched = at_;
  for (;;) {
    const auto end = in_.find('\n', searched);
    const std::size_t length = (end == std::string::npos ? in_.size() : end) - at_;
    if (length > limit + 1) co_return fail(Errc::too_long, "line too long");
    if (end != std::string::npos) {
      const bool crlf = length > 0 && in_[end - 1] == '\r';
      Line line;
      line.text = std::string_view(in_).substr(at_, length - (crlf ? 1 : 0));
      line.crlf = crlf;
      if (line.text.size() > limit) co_return fail(Errc::too_long, "line too long");
      at_ = end + 1;
      co_return line;
    }
    const std::size_t left = in_.size() - at_;
    auto filled = co_await fill(deadline);
    if (!filled) co_return fail(filled.error());
    searched = at_ + left;
  }
}

Task<Result<void>> Stream::fill(Deadline deadline) {
  if (at_ == in_.size()) {
    release(in_);
    at_ = 0;
  }
  auto received = co_await receive(kReadAhead, deadline);
  if (!received) co_return fail(received.error());
  if (at_ > 0) in_.erase(0, std::exchange(at_, 0));
  in_ += *received;
  co_return Result<void>();
}

Task<Result<std::string_view>> Stream::read_some(Deadline deadline) {
  if (at_ < in_.size()) {
    const auto there = std::string_view(in_).substr(at_);
    at_ = in_.size();
    co_return there;
  }
  release(in_);
  at_ = 0;
  co_return co_await receive(Loop::kScratch, deadline);
}

Task<Result<void>> Stream::skip_line(Deadline deadline) {
  for (;;) {
    auto some = co_await read_some(deadline);
    if (!some) co_return fail(some.error());
    const auto end = some->find('\n');
    if (end == std::string_view::npos) continue;
    unread(some->substr(end + 1));
    co_return Result<void>();
  }
}

Task<Result<std::string_view>> Stream::receive(std::size_t most, Deadline deadline) {
  if (!out_.empty()) {
    auto flushed = co_await flush(deadline);
    if (!flushed) co_return fail(flushed.error());
  }
  for (;;) {
    if (readiness_.may_read()) {
      const auto n = ::recv(fd_.get(), loop_.scratch(), most, MSG_DONTWAIT);
      if (n > 0) {
        if (static_cast<std::size_t>(n) < most) readiness_.drained();
        co_return std::string_view(loop_.scratch(), static_cast<std::size_t>(n));
      }
      if (n == 0) co_return fail(Errc::lost, "connection closed by the peer");
      if (errno == EINTR) continue;
      if (errno != EAGAIN) co_return fail_errno("receive", errno);
      readiness_.drained();
    }
    const bool ready = co_await readiness_.readable(deadline);
    if (!ready) co_return fail(Errc::timeout, "timed out while receiving");
  }
}

void Stream::unread(std::string_view rest) {
  if (rest.empty()) return;
  if (!in_.empty() && rest.data() + rest.size() == in_.data() + at_) {
    at_ -= rest.size();
    return;
  }
  in_.assign(rest);
  at_ = 0;
}

std::size_t Stream::discard_input() {
  const std::size_t size = in_.size() - at_;
  release(in_);
  at_ = 0;
  return size;
}

ssize_t Stream::transmit() {
  ssize_t n = 0;
  do {
    n = ::send(fd_.get(), out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n;
}

Task<Result<void>> Stream::flush(Deadline deadline) {
  while (!out_.empty()) {
    const auto n = transmit();
    if (n > 0) {
      if (static_cast<std::size_t>(n) == out_.size()) {
        release(out_);
      } else {
        out_.erase(0, static_cast<std::size_t>(n));
      }
      continue;
    }
    if (errno != EAGAIN) co_return fail_errno("send", errno);
    const bool ready = co_await readiness_.writable(deadline);
    if (!ready) co_return fail(Errc::timeout, "timed out while sending");
  }
  co_return Result<void>();
}

Task<Result<void>> Stream::write(std::string_view text, Deadline deadline) {
  put(text);
  co_return co_await flush(deadline);
}

void Stream::flush_now() {
  if (out_.empty()) return;
  const auto n = transmit();
  if (n > 0) out_.erase(0, static_cast<std::size_t>(n));
}

}  // namespace postern::net
