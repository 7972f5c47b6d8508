#include "screen/judgement.h"

#include <algorithm>

namespace postern::screen {

void Judgement::begin(TestSet enabled, const Passes& known, std::int64_t now) {
  until_ = known;
  to_do_ = enabled.without(known.valid(now));
  if (!(to_do_ & screening::kEarlyTests).empty() && enabled.has(Test::dnsbl)) to_do_.add(Test::dnsbl);
  is_new_ = std::any_of(screening::kAllTests.begin(), screening::kAllTests.end(),
                        [&](Test test) { return enabled.has(test) && known.of(test) == Passes::kNever; });
}

void Judgement::pass(Test test, std::int64_t until) {
  passed_.add(test);
  until_.of(test) = until;
}

void Judgement::excuse(std::int64_t until) {
  if (refused_ || !failed_.empty()) return;
  for (const Test test : screening::kAllTests) {
    if (test == Test::dnsbl) continue;
    if (to_do_.has(test)) passed_.add(test);
    until_.of(test) = std::max(until_.of(test), until);
  }
}

void Judgement::fail(Test test, Action action) {
  passed_.remove(test);
  failed_.add(test);
  if (action != Action::ignore) refused_ = true;
}

Passes Judgement::results(TestSet enabled) const {
  Passes results = until_;
  for (const Test test : screening::kAllTests) {
    if (!enabled.has(test) && results.of(test) == Passes::kNever) results.of(test) = Passes::kDisabled;
  }
  return results;
}

}  // namespace postern::screen
