#include "queue/bounce/plan.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::bounce {

namespace {

bool has_word(std::string_view list, std::string_view word) {
  const auto words = split_words(list);
  return std::any_of(words.begin(), words.end(), [word](std::string_view one) { return iequals(one, word); });
}

Letter to_sender(const ipc::Notify& question, Returned returned) {
  return {Audience::sender, "", question.sender, returned, true};
}

}  // namespace

bool is_wanted(const ipc::Notify& question, const ipc::NotifyOf& recipient) {
  const bool unsaid = recipient.notify.empty();
  switch (question.kind) {
    case ipc::NotifyKind::failure: return unsaid || has_word(recipient.notify, "FAILURE");
    case ipc::NotifyKind::delay: return unsaid || has_word(recipient.notify, "DELAY");
    case ipc::NotifyKind::success: break;
  }
  if (question.purpose != ipc::Purpose::deliver) return true;
  return has_word(recipient.notify, "SUCCESS") && recipient.arrival != ipc::Arrival::passed_on;
}

bool is_double_bounce(const ipc::Notify& question, const Policy& policy) {
  return iequals(question.sender, policy.double_bounce_sender);
}

std::vector<Letter> plan_of(const ipc::Notify& question, const Policy& policy) {
  std::vector<Letter> letters;
  if (is_double_bounce(question, policy)) return letters;
  const bool nobody = question.sender.empty();
  const auto to_postmaster = [&](const std::string& who, Returned returned) {
    letters.push_back({Audience::postmaster, policy.double_bounce_sender, who, returned, letters.empty()});
  };
  switch (question.kind) {
    case ipc::NotifyKind::failure:
      if (!nobody) {
        const bool header = iequals(question.ret, "HDRS");
        letters.push_back(to_sender(question, header ? Returned::header : Returned::all));
        if (policy.copy_failures) to_postmaster(policy.failure_postmaster, Returned::header);
      } else if (policy.double_bounces) {
        to_postmaster(policy.double_postmaster, Returned::all);
      }
      break;
    case ipc::NotifyKind::delay:
      if (!nobody) letters.push_back(to_sender(question, Returned::header));
      if (policy.copy_delays) to_postmaster(policy.delay_postmaster, Returned::header);
      break;
    case ipc::NotifyKind::success:  // RET speaks of failures alone (RFC 3461 4.3)
      if (!nobody) letters.push_back(to_sender(question, Returned::header));
      break;
  }
  return letters;
}

}  // namespace postern::bounce
