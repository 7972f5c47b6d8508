#include "lib/daemon/shared_text.h"

#include <sched.h>

#include <algorithm>

namespace postern::daemon {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
// Of the bytes: none is written before `changes` is odd, and none is read after `changes` is looked at again.
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr int kAttempts = 100;

}  // namespace

void write_shared(SharedTextHead& head, std::span<std::atomic<char>> bytes, std::string_view text) {
  const std::uint32_t changes = head.changes.load(kRelaxed) & ~std::uint32_t{1};
  head.changes.store(changes + 1, kRelaxed);
  const std::size_t size = std::min(text.size(), bytes.size());
  head.size.store(static_cast<std::uint32_t>(size), kRelease);
  for (std::size_t i = 0; i < size; ++i) bytes[i].store(text[i], kRelease);
  head.changes.store(changes + 2, kRelease);
}

std::optional<std::string> read_shared(const SharedTextHead& head, std::span<const std::atomic<char>> bytes) {
  std::string text;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::uint32_t before = head.changes.load(kAcquire);
    text.resize(std::min<std::size_t>(head.size.load(kAcquire), bytes.size()));
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = bytes[i].load(kAcquire);
    if (before % 2 == 0 && head.changes.load(kRelaxed) == before) return text;
    ::sched_yield();  // the writer may be waiting for our processor
  }
  return std::nullopt;
}

}  // namespace postern::daemon
