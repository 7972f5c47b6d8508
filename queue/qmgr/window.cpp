#include "queue/qmgr/window.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "lib/base/text.h"

namespace postern::qmgr {

namespace {

constexpr double kRounding = 1e-6;  // sums of 1/3 must not miss 1
constexpr int kNoLimit = std::numeric_limits<int>::max();

std::optional<double> number(std::string_view text) {
  const std::string copy(trim(text));
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (copy.empty() || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

Result<Feedback> Feedback::parse(std::string_view text) {
  Feedback feedback;
  const auto slash = text.find('/');
  auto amount = number(text.substr(0, slash));
  if (amount && slash != std::string_view::npos) {
    const auto below = trim(text.substr(slash + 1));
    if (below == "concurrency") {
      feedback.per = Per::concurrency;
    } else if (below == "sqrt_concurrency") {
      feedback.per = Per::root;
    } else {
      const auto divisor = number(below);
      amount = divisor && *divisor > 0 ? std::optional(*amount / *divisor) : std::nullopt;
    }
  }
  if (!amount || *amount < 0 || *amount > 1) {
    return fail(Errc::invalid, concat("bad feedback \"", printable(text, 40),
                                      "\": expected a number between 0 and 1, and perhaps /concurrency"));
  }
  feedback.amount = *amount;
  return feedback;
}

double Feedback::at(int window) const {
  switch (per) {
    case Per::once: break;
    case Per::concurrency: return amount / window;
    case Per::root: return amount / std::sqrt(window);
  }
  return amount;
}

void Window::reset() {
  size_ = rules_->limit == 0 ? rules_->initial : std::min(rules_->initial, rules_->limit);
  size_ = std::max(size_, 1);
  success_ = failure_ = cohorts_ = 0;
}

// A window that is not used does not grow.
void Window::succeeded(int under_way) {
  cohorts_ = 0;
  const int limit = rules_->limit == 0 ? kNoLimit : rules_->limit;
  if (size_ >= limit || size_ >= under_way + rules_->initial) return;
  success_ += rules_->positive.at(size_);
  while (success_ + kRounding >= 1) {
    size_ = std::min(size_ + 1, limit);
    success_ -= 1;
    failure_ = 0;
  }
}

bool Window::failed() {
  cohorts_ += 1.0 / size_;
  if (rules_->failed_cohorts > 0 && cohorts_ + kRounding >= rules_->failed_cohorts) return true;
  failure_ -= rules_->negative.at(size_);
  while (failure_ < -kRounding) {
    size_ = std::max(size_ - 1, 1);
    success_ = 0;
    failure_ += 1;
  }
  return false;
}

}  // namespace postern::qmgr
