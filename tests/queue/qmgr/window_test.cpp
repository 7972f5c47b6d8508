#include "queue/qmgr/window.h"

#include <doctest/doctest.h>

using namespace postern::qmgr;

TEST_CASE("Feedback is a number, or a number by the concurrency") {
  struct Row {
    const char* text;
    bool valid;
    double at_four;
  };
  const Row rows[] = {{"1", true, 1},
                      {"0", true, 0},
                      {"0.25", true, 0.25},
                      {"1/4", true, 0.25},
                      {"1 / concurrency", true, 0.25},
                      {"1/sqrt_concurrency", true, 0.5},
                      {" 0.5 / sqrt_concurrency ", true, 0.25},
                      {"", false, 0},
                      {"x", false, 0},
                      {"2", false, 0},
                      {"-1", false, 0},
                      {"1/0", false, 0},
                      {"1/", false, 0},
                      {"1/other", false, 0},
                      {"nan", false, 0},
                      {"1/2/3", false, 0}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto feedback = Feedback::parse(row.text);
    CHECK(feedback.has_value() == row.valid);
    if (feedback && row.valid) CHECK(feedback->at(4) == doctest::Approx(row.at_four));
  }
}

TEST_CASE("A window grows with success while it is used, up to its limit") {
  WindowRules rules;
  rules.initial = 2;
  rules.limit = 4;
  Window window(rules);
  CHECK(window.size() == 2);
  window.succeeded(2);
  CHECK(window.size() == 3);
  window.succeeded(0);  // nobody uses it
  CHECK(window.size() == 3);
  for (int i = 0; i < 10; ++i) window.succeeded(window.size());
  CHECK(window.size() == 4);
}

TEST_CASE("A window that starts above its limit is as large as that; without a limit it grows") {
  WindowRules rules;
  rules.initial = 5;
  rules.limit = 2;
  CHECK(Window(rules).size() == 2);
  rules.limit = 0;
  Window open(rules);
  for (int i = 0; i < 100; ++i) open.succeeded(open.size());
  CHECK(open.size() == 105);
}

TEST_CASE("A window shrinks with failure, and is dead after a cohort of failures") {
  WindowRules rules;
  rules.initial = rules.limit = 5;
  Window window(rules);
  int failures = 1;
  while (!window.failed()) ++failures;
  CHECK(failures == 4);  // 1/5 + 1/4 + 1/3 + 1/2
  window.reset();
  CHECK(window.size() == 5);
  CHECK_FALSE(window.failed());
  CHECK(window.size() == 4);
  CHECK_FALSE(window.failed());
  window.succeeded(4);  // the count of failures begins again
  CHECK_FALSE(window.failed());
  CHECK_FALSE(window.failed());
}

TEST_CASE("A window of one is dead after the first failure, and never with no limit of cohorts") {
  WindowRules rules;
  rules.initial = rules.limit = 1;
  CHECK(Window(rules).failed());
  rules.failed_cohorts = 0;
  Window patient(rules);
  for (int i = 0; i < 50; ++i) CHECK_FALSE(patient.failed());
  CHECK(patient.size() == 1);
}

TEST_CASE("Feedback of a part changes the window after as many results") {
  WindowRules rules;
  rules.initial = 2;
  rules.limit = 10;
  rules.failed_cohorts = 0;
  rules.positive.amount = rules.negative.amount = 1.0 / 3;
  Window window(rules);
  window.succeeded(2);
  window.succeeded(2);
  CHECK(window.size() == 2);
  window.succeeded(2);
  CHECK(window.size() == 3);
}
