#include "lib/net/stream.h"

#include "lib/net/tls_connection.h"
#include "lib/net/wait.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace postern::net {

namespace {

// What is read ahead of a line: a client that pipelines and does not read our replies holds no more than
// this.
constexpr std::size_t kReadAhead = 4096;
// Reads without a wait between them before others have their turn.
constexpr unsigned kMostFullReads = 8;

// A peer that sends a few bytes of a line now and then is not worth a wake-up each time: what it sends is looked at after a
// part of the time that it has taken so far.
constexpr std::size_t kCrumb = 32;
constexpr Duration kCrawls = milliseconds(400);
constexpr int kPart = 4;
constexpr Duration kLongestPause = seconds(2);
constexpr Duration kPauseTick = milliseconds(50);

// A waiting session keeps no large buffer.
void release(std::string& text) {
  if (text.capacity() > 4096) {
    std::string().swap(text);
  } else {
    text.clear();
  }
}

}  // namespace

Stream::Stream(Loop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)), readiness_(loop, fd_.get()) {}
Stream::~Stream() = default;

Task<Result<Line>> Stream::read_line(std::size_t limit, Deadline deadline) {
  hurried_ = Deadline::max();
  std::size_t searched = at_;
  for (;;) {
    if (meets_tls()) co_return fail(Errc::invalid, "a TLS handshake in place of plain text");
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
      crawls_since_ = Instant::max();
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
  // So many lines are work enough for a turn.
  if (received->size() >= kReadAhead / 2) full_reads_ = kMostFullReads;
  if (at_ > 0) in_.erase(0, std::exchange(at_, 0));
  in_ += *received;
  co_return Result<void>();
}

Task<Result<std::string_view>> Stream::read_some(Deadline deadline, std::uint64_t most) {
  hurried_ = Deadline::max();
  if (at_ < in_.size()) {
    const auto there = std::string_view(in_).substr(at_);
    at_ = in_.size();
    co_return there;
  }
  release(in_);
  at_ = 0;
  constexpr std::uint64_t kMost = Loop::kScratch - kReadAhead;
  const auto wanted = static_cast<std::size_t>(std::min(most, kMost)) + kReadAhead;
  co_return co_await receive(wanted, deadline);
}

Task<Result<void>> Stream::skip_line(Deadline deadline) {
  hurried_ = Deadline::max();
  for (;;) {
    const auto end = in_.find('\n', at_);
    if (end != std::string::npos) {
      at_ = end + 1;
      co_return Result<void>();
    }
    at_ = in_.size();
    auto filled = co_await fill(deadline);
    if (!filled) co_return fail(filled.error());
  }
}

// A peer that sends as fast as we read would keep the loop for itself, and never meet its deadline.
Task<Result<void>> Stream::take_turns(Deadline deadline) {
  full_reads_ = 0;
  co_await next_turn(loop_);
  if (loop_.now() >= soonest(deadline)) co_return fail(Errc::timeout, "timed out while receiving");
  co_return Result<void>();
}

Task<Result<std::string_view>> Stream::receive(std::size_t most, Deadline deadline) {
  if (!out_.empty()) {
    auto flushed = co_await send_all(deadline);
    if (!flushed) co_return fail(flushed.error());
  }
  if (full_reads_ >= kMostFullReads) {
    auto waited = co_await take_turns(deadline);
    if (!waited) co_return fail(waited.error());
  }
  if (tls_) {
    co_return co_await receive_tls(most, deadline);
  }
  const Deadline limit = end_of_wait(deadline);
  for (;;) {
    if (readiness_.may_read()) {
      const auto n = ::recv(fd_.get(), loop_.scratch(), most, MSG_DONTWAIT);
      if (n > 0) {
        ++full_reads_;
        if (static_cast<std::size_t>(n) < most) readiness_.drained();
        const std::string_view got(loop_.scratch(), static_cast<std::size_t>(n));
        came(got);
        co_return got;
      }
      if (n == 0) co_return fail(Errc::lost, "connection closed by the peer");
      if (errno == EINTR) continue;
      if (errno != EAGAIN) co_return fail_errno("receive", errno);
      readiness_.drained();
    }
    full_reads_ = 0;
    const bool ready = co_await input(limit);
    if (!ready) co_return fail(Errc::timeout, "timed out while receiving");
  }
}

Deadline Stream::end_of_wait(Deadline deadline) const {
  return each_wait_ == Duration::max() ? deadline : std::min(deadline, loop_.in(each_wait_));
}

void Stream::came(std::string_view got) {
  if (got.size() >= kCrumb || got.ends_with('\n')) {
    crawls_since_ = Instant::max();
  } else if (crawls_since_ == Instant::max()) {
    crawls_since_ = loop_.now();
  }
}

Readiness::Wait Stream::input(Deadline deadline) {
  const Deadline limit = soonest(deadline);
  if (crawls_since_ == Instant::max()) return readiness_.readable(limit);
  const Instant now = loop_.now();
  const Duration taken = now - crawls_since_;
  if (taken < kCrawls) return readiness_.readable(limit);
  // What is there at the end is still taken.
  const Deadline look = Loop::tick(now + std::min(taken / kPart, kLongestPause), kPauseTick);
  return now < limit ? readiness_.later(std::min(look, limit), limit) : readiness_.readable(limit);
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

Result<bool> Stream::has_input(Look look) {
  if (at_ < in_.size()) return true;
  if (look == Look::kernel) readiness_.look_again();
  if (!readiness_.may_read() && !(tls_ && tls_->has_pending())) return false;
  auto got = receive_now();
  if (!got) return fail(got.error());
  if (*got == 0) return false;
  in_.assign(loop_.scratch(), *got);
  at_ = 0;
  return true;
}

// At most kReadAhead bytes into the loop's buffer; 0: nothing is there.
Result<std::size_t> Stream::receive_now() {
  if (tls_) {
    std::size_t count = 0;
    const auto step = tls_->read(loop_.scratch(), kReadAhead, count);
    if (step == TlsConnection::Step::closed || step == TlsConnection::Step::broken)
      return fail(tls_->error());
    return step == TlsConnection::Step::done ? count : 0;
  }
  ssize_t n = 0;
  do {
    n = ::recv(fd_.get(), loop_.scratch(), kReadAhead, MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n == 0) return fail(Errc::lost, "connection closed by the peer");
  if (n < 0 && errno != EAGAIN) return fail_errno("receive", errno);
  if (n < static_cast<ssize_t>(kReadAhead)) readiness_.drained();
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

void Stream::hurry(Deadline limit) {
  hurried_ = soonest(limit);
  readiness_.hurry(limit);
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
    if (tls_) {
      n = send_tls();
      break;
    }
    n = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n > 0) sent_ += static_cast<std::size_t>(n);
  if (sent_ == out_.size()) {
    release(out_);
    sent_ = 0;
  }
  return n;
}

void Stream::put(std::string_view text) {
  crawls_since_ = Instant::max();  // what is said in answer to this is no crumb of what came before
  // What was sent is dropped before it outweighs what was not.
  if (sent_ > out_.size() / 2) out_.erase(0, std::exchange(sent_, 0));
  out_ += text;
}

Task<Result<void>> Stream::flush(Deadline deadline) {
  hurried_ = Deadline::max();
  co_return co_await send_all(deadline);
}

Task<Result<void>> Stream::send_all(Deadline deadline) {
  while (!out_.empty()) {
    const auto n = transmit();
    if (n > 0) continue;
    if (errno != EAGAIN) co_return fail_errno("send", errno);
    const bool ready = co_await readiness_.writable(soonest(end_of_wait(deadline)));
    if (!ready) co_return fail(Errc::timeout, "timed out while sending");
  }
  co_return Result<void>();
}

Task<Result<void>> Stream::write(std::string_view text, Deadline deadline) {
  put(text);
  co_return co_await flush(deadline);
}

void Stream::flush_now() {
  if (!out_.empty()) transmit();
}

void Stream::end_output() {
  if (tls_ == nullptr) ::shutdown(fd_.get(), SHUT_WR);
}

bool Stream::has_unheard() const {
  int unacknowledged = 0;
  return pending_output() > 0 || (::ioctl(fd_.get(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0);
}

void Stream::give_up_output() {
  const linger at_once{1, 0};
  static_cast<void>(::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

}  // namespace postern::net
