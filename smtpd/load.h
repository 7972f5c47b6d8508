// How full a process is, and what that means for the patience with its clients: smtpd_load_limits. A step is entered at its
// share of the sessions, and left a little below it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace postern::smtpd {

class Load {
 public:
  Load() = default;
  // "50:50 75:20": from 50 percent of `capacity` sessions on, time limits are 50 percent of normal. Shares rise and limits
  // fall from step to step; both are 1 … 100. Fails with invalid; the text names what is wrong.
  static Result<Load> parse(const std::vector<std::string>& steps, std::size_t capacity);

  // Whether a full process means that clients must wait: otherwise others take them, and limits stay as they are.
  void count(bool counts) { counts_ = counts; }
  // Tells how many sessions there are now. Returns whether the step became a higher one: limits are tighter now.
  bool follow(std::size_t sessions);
  // Percent of the time limits for a client. One that has delivered good mail is treated as at the step before.
  int percent(bool is_proven) const;
  // 0: none, limits are as normal.
  std::size_t step() const { return step_; }
  std::size_t capacity() const { return capacity_; }
  std::size_t sessions() const { return sessions_; }

  // The line for the log, when a step was entered or left since the last one and that was a minute ago or longer.
  std::optional<std::string> news(Instant now, std::string_view service);

 private:
  struct Step {
    std::size_t from = 0;  // sessions
    int percent = 100;
  };
  int percent_of(std::size_t step) const { return step == 0 ? 100 : steps_[step - 1].percent; }

  std::vector<Step> steps_;
  std::size_t capacity_ = 0;
  std::size_t sessions_ = 0;
  std::size_t step_ = 0;
  bool counts_ = true;
  std::size_t told_ = 0;     // the step that the log knows
  std::size_t highest_ = 0;  // since then
  Instant quiet_until_{};
};

}  // namespace postern::smtpd
