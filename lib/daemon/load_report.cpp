#include "lib/daemon/load_report.h"

#include <sched.h>

#include <algorithm>

namespace postern::daemon {

namespace {

using scoreboard::kReason;
using scoreboard::Report;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr int kAttempts = 100;

void write_fields(Report& to, const LoadReport& report) {
  to.generation.store(report.generation, kRelaxed);
  to.number.store(report.number, kRelaxed);
  to.ended.store(report.ended, kRelaxed);
  to.in_force_since.store(report.in_force_since, kRelaxed);
  for (std::size_t i = 0; i < report.digest.size(); ++i) to.digest[i].store(report.digest[i], kRelaxed);
  to.succeeded.store(report.succeeded ? 1 : 0, kRelaxed);
  const std::size_t size = std::min(report.reason.size(), kReason);
  to.reason_size.store(static_cast<std::uint32_t>(size), kRelaxed);
  for (std::size_t i = 0; i < size; ++i) to.reason[i].store(report.reason[i], kRelaxed);
}

LoadReport read_fields(const Report& from) {
  LoadReport report;
  report.generation = from.generation.load(kRelaxed);
  report.number = from.number.load(kRelaxed);
  report.ended = from.ended.load(kRelaxed);
  report.in_force_since = from.in_force_since.load(kRelaxed);
  for (std::size_t i = 0; i < report.digest.size(); ++i) report.digest[i] = from.digest[i].load(kRelaxed);
  report.succeeded = from.succeeded.load(kRelaxed) != 0;
  const std::size_t size = std::min<std::size_t>(from.reason_size.load(kRelaxed), kReason);
  for (std::size_t i = 0; i < size; ++i) report.reason += from.reason[i].load(kRelaxed);
  return report;
}

}  // namespace

void write_report(Report& to, const LoadReport& report) {
  const std::uint32_t changes = to.changes.load(kRelaxed);
  to.changes.store(changes + 1, kRelaxed);
  std::atomic_thread_fence(std::memory_order_release);
  write_fields(to, report);
  to.changes.store(changes + 2, std::memory_order_release);
}

std::optional<LoadReport> read_report(const Report& from) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::uint32_t before = from.changes.load(std::memory_order_acquire);
    LoadReport report = read_fields(from);
    std::atomic_thread_fence(std::memory_order_acquire);
    const bool whole = before % 2 == 0 && from.changes.load(kRelaxed) == before;
    if (whole && report.number == 0) return std::nullopt;
    if (whole) return report;
    ::sched_yield();  // master may be waiting for our processor
  }
  return std::nullopt;
}

}  // namespace postern::daemon
