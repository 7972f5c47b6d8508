// How many deliveries to one destination may be under way: the window grows with success and shrinks with failure, as
// Postfix's SCHEDULER_README describes it.
#pragma once

#include <string_view>

#include "lib/base/result.h"

namespace postern::qmgr {

// How much one success or failure counts: "1", "1/4", "1/concurrency", "0.5/sqrt_concurrency".
struct Feedback {
  enum class Per { once, concurrency, root };
  double amount = 1;
  Per per = Per::once;

  // Fails with invalid when it has none of these shapes, or is not between 0 and 1.
  static Result<Feedback> parse(std::string_view text);
  double at(int window) const;
};

struct WindowRules {
  int initial = 5;
  int limit = 20;             // 0: none
  double failed_cohorts = 1;  // rounds of failures after which a destination is dead; 0: never
  Feedback positive, negative;
};

class Window {
 public:
  explicit Window(const WindowRules& rules) : rules_(&rules) { reset(); }  // which outlive it

  int size() const { return size_; }
  // A delivery has ended without a failure of the site, while so many, this one included, were under way.
  void succeeded(int under_way);
  // True when the destination counts as dead from now on.
  [[nodiscard]] bool failed();
  // As for a destination that is new.
  void reset();

 private:
  const WindowRules* rules_;
  int size_ = 1;
  double success_ = 0, failure_ = 0, cohorts_ = 0;
};

}  // namespace postern::qmgr
