// What is known and found out about the client of one visit: which tests it still has to pass, which it passed or failed,
// and what follows. Pure: it is told what happened.
#pragma once

#include <cstdint>

#include "lib/screening/tests.h"

namespace postern::screen {

using screening::Action;
using screening::Passes;
using screening::Test;
using screening::TestSet;

class Judgement {
 public:
  // The client has passed what `known` says; nothing is known of one that never came: all of it is kNever. Its tests are
  // those of the enabled ones that do not count at this time. When one of the tests before the greeting has to be done,
  // DNS lists are asked again too.
  void begin(TestSet enabled, const Passes& known, std::int64_t now);

  TestSet to_do() const { return to_do_; }
  // The test is passed until then.
  void pass(Test test, std::int64_t until);
  // DNS lists vouch for the client: what is not failed is passed until then at least, also tests that are switched off.
  void excuse(std::int64_t until);
  // The client failed. `ignore`: as if nothing was, but the test is not passed. Otherwise it is refused.
  void fail(Test test, Action action);
  // A test of commands that failed and is ignored counts as passed for a while.
  void forgive(Test test, std::int64_t until) { pass(test, until); }
  // postscreen_access_list refuses it: it can pass nothing any more.
  void deny() { refused_ = true; }
  // It came to an address where nothing can be earned.
  void veto() { refused_ = true; }

  bool is_new() const { return is_new_; }
  // Something failed that is not ignored.
  bool is_refused() const { return refused_; }
  TestSet failed() const { return failed_; }
  // Passed in this visit.
  TestSet passed() const { return passed_; }
  // Of these, what still has neither been passed nor failed.
  TestSet open(TestSet among) const { return (to_do_ & among).without(passed_ | failed_); }
  // The end: was anything passed that is worth keeping, and was it all that had to be?
  bool has_news() const { return !refused_ && !passed_.empty(); }
  bool is_passed() const { return has_news() && (passed_ & to_do_) == to_do_; }
  // What to keep: with what was passed before, and which tests were switched off.
  Passes results(TestSet enabled) const;

 private:
  Passes until_;
  TestSet to_do_, passed_, failed_;
  bool refused_ = false;
  bool is_new_ = true;
};

}  // namespace postern::screen
