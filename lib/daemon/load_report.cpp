#include "lib/daemon/load_report.h"

#include <sched.h>

#include <algorithm>

namespace postern::daemon {

namespace {

using scoreboard::kReason;
using scoreboard::Report;

constexpr auto kRelaxed = std::memory_order_relaxed;
// Of the fields: none is written before `changes` is odd, and none is read after `changes` is looked at again.
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr int kAttempts = 100;

void write_fields(Report& to, const LoadReport& report) {
  to.generation.store(report.generation, kRelease);
  to.number.store(report.number, kRelease);
  to.ended.store(report.ended, kRelease);
  to.in_force_since.store(report.in_force_since, kRelease);
  for (std::size_t i = 0; i < report.digest.size(); ++i) to.digest[i].store(report.digest[i], kRelease);
  to.succeeded.store(report.succeeded ? 1 : 0, kRelease);
  const std::size_t size = std::min(report.reason.size(), kReason);
  to.reason_size.store(static_cast<std::uint32_t>(size), kRelease);
  for (std::size_t i = 0; i < size; ++i) to.reason[i].store(report.reason[i], kRelease);
}

LoadReport read_fields(const Report& from) {
  LoadReport report;
  report.generation = from.generation.load(kAcquire);
  report.number = from.number.load(kAcquire);
  report.ended = from.ended.load(kAcquire);
  report.in_force_since = from.in_force_since.load(kAcquire);
  for (std::size_t i = 0; i < report.digest.size(); ++i) report.digest[i] = from.digest[i].load(kAcquire);
  report.succeeded = from.succeeded.load(kAcquire) != 0;
  const std::size_t size = std::min<std::size_t>(from.reason_size.load(kAcquire), kReason);
  for (std::size_t i = 0; i < size; ++i) report.reason += from.reason[i].load(kAcquire);
  return report;
}

}  // namespace

void write_report(Report& to, const LoadReport& report) {
  const std::uint32_t changes = to.changes.load(kRelaxed);
  to.changes.store(changes + 1, kRelaxed);
  write_fields(to, report);
  to.changes.store(changes + 2, kRelease);
}

std::optional<LoadReport> read_report(const Report& from) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::uint32_t before = from.changes.load(kAcquire);
    LoadReport report = read_fields(from);
    const bool whole = before % 2 == 0 && from.changes.load(kRelaxed) == before;
    if (whole && report.number == 0) return std::nullopt;
    if (whole) return report;
    ::sched_yield();  // master may be waiting for our processor
  }
  return std::nullopt;
}

}  // namespace postern::daemon
