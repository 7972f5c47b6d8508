#include "lib/ipc/connection.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/text.h"

namespace postern::ipc {

namespace {
constexpr std::size_t kChunk = 256 * 1024;
constexpr unsigned kMostFullReads = 8;
}  // namespace

Connection::Connection(net::Loop& loop, Fd fd, Side side)
    : loop_(loop), fd_(std::move(fd)), readiness_(loop, fd_.get()), reader_(side == Side::connected) {
  if (side == Side::connected) {
    room().bytes += kGreeting;
    loop_.post(*this);
  }
}

Connection::Chunk& Connection::room() {
  const bool fits = !out_.empty() && out_.back().descriptors.empty() && out_.back().bytes.size() < kChunk;
  if (!fits) out_.emplace_back();
  return out_.back();
}

void Connection::attach(const Fd& descriptor) {
  if (!descriptor) return;
  Fd copy(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
  if (copy) {
    out_.back().descriptors.push_back(std::move(copy));
  } else {
    break_off();  // the frame promises a descriptor that we do not have
  }
}

// Whoever waits in receive() finds the end of the stream.
void Connection::break_off() {
  broken_ = true;
  out_.clear();
  ::shutdown(fd_.get(), SHUT_RDWR);
}

std::size_t Connection::pending_output() const {
  std::size_t size = 0;
  for (const Chunk& chunk : out_) size += chunk.bytes.size() - chunk.sent;
  return size;
}

void Connection::transmit() {
  if (broken_) out_.clear();
  if (flushing_ && !flushing_->done()) return;
  while (!out_.empty()) {
    Chunk& chunk = out_.front();
    std::vector<int> numbers;
    if (chunk.sent == 0) {
      for (const Fd& fd : chunk.descriptors) numbers.push_back(fd.get());
    }
    const auto n = net::send_with(fd_.get(), std::string_view(chunk.bytes).substr(chunk.sent), numbers);
    if (n < 0 && errno == EAGAIN) {
      flushing_.emplace(wait_for_room());
      flushing_->handle().resume();
      return;
    }
    if (n < 0) {
      break_off();
      return;
    }
    chunk.sent += static_cast<std::size_t>(n);
    if (chunk.sent < chunk.bytes.size()) continue;
    out_.pop_front();
    chunk_due_ = Deadline::max();
  }
}

net::Task<void> Connection::wait_for_room() {
  if (chunk_due_ == Deadline::max()) chunk_due_ = loop_.in(kFrameLimit);
  const bool ready = co_await readiness_.writable(chunk_due_);
  if (!ready) {
    break_off();
  } else if (!is_posted()) {
    loop_.post(*this);
  }
}

Result<bool> Connection::take_input() {
  std::vector<Fd> descriptors;
  const auto n = net::receive_with(fd_.get(), loop_.scratch(), net::Loop::kScratch, descriptors);
  if (n == 0) return fail(Errc::lost, "the service at the other end closed the connection");
  if (n < 0 && errno == EAGAIN) {
    readiness_.drained();
    return false;
  }
  if (n < 0) return fail_errno("receive from a service", errno);
  // A read ends early at a message with descriptors: only EAGAIN says that all was read.
  if (static_cast<std::size_t>(n) < net::Loop::kScratch && descriptors.empty()) readiness_.drained();
  reader_.feed(std::string_view(loop_.scratch(), static_cast<std::size_t>(n)));
  reader_.feed(std::move(descriptors));
  ++full_reads_;
  return true;
}

net::Task<Result<Frame>> Connection::receive(Deadline deadline) {
  for (;;) {
    auto frame = reader_.next();
    if (!frame) co_return fail(frame.error());
    if (*frame) {
      frame_due_ = Deadline::max();
      co_return std::move(**frame);
    }
    if (broken_) co_return fail(Errc::lost, "the connection to a service broke");
    if (full_reads_ >= kMostFullReads) {
      full_reads_ = 0;
      co_await net::next_turn(
          loop_);  // a peer that sends as fast as we read does not keep the loop for itself
      continue;
    }
    if (readiness_.may_read()) {
      auto taken = take_input();
      if (!taken) co_return fail(taken.error());
      if (*taken) continue;
    }
    full_reads_ = 0;
    if (reader_.empty()) {
      frame_due_ = Deadline::max();
    } else if (frame_due_ == Deadline::max()) {
      frame_due_ = loop_.in(kFrameLimit);
    }
    const bool ready = co_await readiness_.readable(std::min(deadline, frame_due_));
    if (ready) continue;
    if (loop_.now() >= frame_due_)
      co_return fail(Errc::timeout, "a service stopped in the middle of a message");
    co_return fail(Errc::timeout, "a service did not answer in time");
  }
}

}  // namespace postern::ipc
