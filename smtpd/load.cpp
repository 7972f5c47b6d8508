#include "smtpd/load.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::smtpd {

namespace {

// Between two lines in the log.
constexpr Duration kSilence = std::chrono::minutes(1);
// A step is left when a tenth of its sessions are gone: it is not entered and left with each of them.
constexpr std::size_t kSlack = 10;

struct Pair {
  int share = 0, percent = 0;
};

std::optional<Pair> pair_of(std::string_view step) {
  const auto colon = step.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto share = parse_number(step.substr(0, colon));
  const auto percent = parse_number(step.substr(colon + 1));
  const auto good = [](const auto& number) { return number && *number >= 1 && *number <= 100; };
  if (!good(share) || !good(percent)) return std::nullopt;
  return Pair{static_cast<int>(*share), static_cast<int>(*percent)};
}

}  // namespace

Result<Load> Load::parse(const std::vector<std::string>& steps, std::size_t capacity) {
  Load load;
  load.capacity_ = capacity;
  Pair last{0, 101};
  for (const std::string& step : steps) {
    const auto pair = pair_of(step);
    if (!pair) {
      return fail(Errc::invalid, concat("smtpd_load_limits: \"", step,
                                        "\" is not SHARE:LIMIT, two percentages from 1 to 100"));
    }
    if (pair->share <= last.share || pair->percent >= last.percent) {
      return fail(Errc::invalid, concat("smtpd_load_limits: \"", step,
                                        "\": shares must rise and limits fall from step to step"));
    }
    last = *pair;
    const std::size_t from = (capacity * static_cast<std::size_t>(pair->share) + 99) / 100;
    load.steps_.push_back({from, pair->percent});
  }
  return load;
}

bool Load::follow(std::size_t sessions) {
  sessions_ = sessions;
  const std::size_t before = step_;
  if (!counts_) step_ = 0;
  while (counts_ && step_ < steps_.size() && sessions >= steps_[step_].from) ++step_;
  while (step_ > 0 && sessions < steps_[step_ - 1].from - steps_[step_ - 1].from / kSlack) --step_;
  highest_ = std::max(highest_, step_);
  return step_ > before;
}

int Load::percent(bool is_proven) const { return percent_of(is_proven && step_ > 0 ? step_ - 1 : step_); }

std::optional<std::string> Load::news(Instant now, std::string_view service) {
  const bool same = step_ == told_ && highest_ == told_;
  if (same || now < quiet_until_) return std::nullopt;
  quiet_until_ = now + kSilence;
  const std::size_t peak = std::exchange(highest_, step_);
  const bool is_over = step_ < told_ || peak > step_;
  told_ = step_;
  std::string line = concat("service \"", service, "\" has ", sessions_, " of ", capacity_,
                            " sessions of a process in use: time limits are ");
  line += step_ == 0 ? "normal again" : concat(percent_of(step_), " percent of normal");
  if (is_over && step_ < peak) line += concat("; they were ", percent_of(peak), " percent");
  return line;
}

}  // namespace postern::smtpd
