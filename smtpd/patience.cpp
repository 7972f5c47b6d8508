#include "smtpd/patience.h"

#include <algorithm>

namespace postern::smtpd {

namespace {

// What is left of a share of a limit.
Duration rest_of(Duration limit, int percent, Duration used) {
  if (limit == Duration::max()) return limit;
  return limit / 100 * percent - used;
}

// Seconds for which somebody without content counts as one that brings as much as it must.
constexpr std::int64_t kCredit = 30;

}  // namespace

Deadline Patience::begin_wait(Instant now, const Limits& limits) {
  began_ = now;
  waits_ = true;
  return limit_wait(limits);
}

Deadline Patience::limit_wait(const Limits& limits) {
  Duration left = rest_of(limits.request, limits.percent, request_);
  cause_ = Cause::request;
  const auto consider = [&](Cause cause, Duration limit) {
    const Duration rest = rest_of(limit, limits.percent, session_);
    if (rest >= left) return;
    left = rest;
    cause_ = cause;
  };
  consider(Cause::session, limits.session);
  if (!commanded_) consider(Cause::first_command, limits.first_command);
  return left == Duration::max() ? Deadline::max() : began_ + left;
}

void Patience::end_wait(Instant now, std::size_t content, const Limits& limits) {
  const Duration waited = waits_ ? now - began_ : Duration::zero();
  waits_ = false;
  held_ += waited;
  content_ += content;
  // More than an hour's worth at once is no different from an hour's worth.
  const auto most = static_cast<std::uint64_t>(limits.data_rate) * 3600;
  const auto bytes = static_cast<std::int64_t>(std::min<std::uint64_t>(content, most));
  const Duration paid = microseconds(bytes * 1'000'000 / limits.data_rate);
  request_ = std::max(Duration::zero(), request_ + waited - paid);
  session_ = std::max(Duration::zero(), session_ + waited - paid);
}

void Patience::delivered() {
  held_ = Duration::zero();
  content_ = 0;
}

double Patience::pace(Instant now, std::int64_t data_rate) const {
  const std::chrono::duration<double> time = std::max<Duration>(held(now), seconds(1));
  return (static_cast<double>(content_) + static_cast<double>(data_rate * kCredit)) / time.count();
}

}  // namespace postern::smtpd
