#include "queue/bounce/plan.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::bounce;
using ipc::NotifyKind;

namespace {

ipc::Notify about(NotifyKind kind, std::string sender, std::string ret = "") {
  ipc::Notify question;
  question.kind = kind;
  question.sender = std::move(sender);
  question.ret = std::move(ret);
  return question;
}

Policy policy(bool all_classes) {
  Policy p;
  p.copy_failures = p.double_bounces = p.copy_delays = all_classes;
  p.failure_postmaster = "failures@x.test";
  p.delay_postmaster = "delays@x.test";
  p.double_postmaster = "doubles@x.test";
  p.double_bounce_sender = "double-bounce@x.test";
  return p;
}

// "<from> to, all|header[, settles]; …"
std::string shown(const std::vector<Letter>& letters) {
  std::string out;
  for (const Letter& l : letters) {
    out += concat(out.empty() ? "" : "; ", l.audience == Audience::sender ? "sender" : "postmaster", " <",
                  l.from, "> ", l.to, " ", l.returned == Returned::all ? "all" : "header",
                  l.settles ? " settles" : "");
  }
  return out;
}

}  // namespace

TEST_CASE("Who is told, by kind, sender, RET and notify_classes") {
  struct Case {
    NotifyKind kind;
    const char* sender;
    const char* ret;
    bool classes;
    const char* letters;
  };
  const Case cases[] = {
      {NotifyKind::failure, "ann@a.test", "", false, "sender <> ann@a.test all settles"},
      {NotifyKind::failure, "ann@a.test", "FULL", false, "sender <> ann@a.test all settles"},
      {NotifyKind::failure, "ann@a.test", "hdrs", false, "sender <> ann@a.test header settles"},
      {NotifyKind::failure, "ann@a.test", "", true,
       "sender <> ann@a.test all settles; postmaster <double-bounce@x.test> failures@x.test header"},
      {NotifyKind::failure, "", "", false, ""},
      {NotifyKind::failure, "", "", true, "postmaster <double-bounce@x.test> doubles@x.test all settles"},
      {NotifyKind::failure, "Double-Bounce@x.test", "", true, ""},
      {NotifyKind::delay, "ann@a.test", "FULL", false, "sender <> ann@a.test header settles"},
      {NotifyKind::delay, "ann@a.test", "", true,
       "sender <> ann@a.test header settles; postmaster <double-bounce@x.test> delays@x.test header"},
      {NotifyKind::delay, "", "", false, ""},
      {NotifyKind::delay, "double-bounce@x.test", "", true, ""},
      {NotifyKind::success, "ann@a.test", "FULL", true, "sender <> ann@a.test header settles"},
      {NotifyKind::success, "", "", true, ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.sender);
    CAPTURE(static_cast<int>(c.kind));
    CHECK(shown(plan_of(about(c.kind, c.sender, c.ret), policy(c.classes))) == c.letters);
  }
}

TEST_CASE("NOTIFY decides about each recipient") {
  struct Case {
    const char* notify;
    bool failure, delay, success;
  };
  const Case cases[] = {{"", true, true, false},
                        {"NEVER", false, false, false},
                        {"never", false, false, false},
                        {"FAILURE", true, false, false},
                        {"DELAY", false, true, false},
                        {"SUCCESS", false, false, true},
                        {"SUCCESS,FAILURE,DELAY", true, true, true},
                        {"success,delay", false, true, true}};
  for (const Case& c : cases) {
    CAPTURE(c.notify);
    ipc::NotifyOf recipient;
    recipient.notify = c.notify;
    CHECK(is_wanted(about(NotifyKind::failure, "a@a.test"), recipient) == c.failure);
    CHECK(is_wanted(about(NotifyKind::delay, "a@a.test"), recipient) == c.delay);
    CHECK(is_wanted(about(NotifyKind::success, "a@a.test"), recipient) == c.success);
  }
}

TEST_CASE("Of what another host will report nothing is said, unless a report was asked for") {
  ipc::NotifyOf recipient;
  recipient.notify = "SUCCESS";
  recipient.arrival = ipc::Arrival::passed_on;
  ipc::Notify question = about(NotifyKind::success, "a@a.test");
  CHECK_FALSE(is_wanted(question, recipient));
  question.purpose = ipc::Purpose::record;
  recipient.notify = "NEVER";
  CHECK(is_wanted(question, recipient));
}
