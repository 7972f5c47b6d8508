#include "master/plan.h"

#include <map>

#include "lib/base/text.h"

namespace postern::master {

namespace {

// A process that has been there so long is no failure of its program.
constexpr Duration kLongEnough = seconds(10);

// What a process is told at its start: when this is the same, it need not be replaced.
bool same_process(const Service& a, const Service& b) {
  const auto kind_of_limit = [](const Service& service) { return service.limit < 2 ? service.limit : 2; };
  return a.name == b.name && a.program == b.program && a.arguments == b.arguments &&
         a.unprivileged == b.unprivileged && a.chroot == b.chroot && kind_of_limit(a) == kind_of_limit(b);
}

bool same_supervision(const Service& a, const Service& b) {
  return a.limit == b.limit && a.wakeup == b.wakeup && a.wakeup_if_used == b.wakeup_if_used;
}

Change change_between(const Service& before, const Service& after, Renew renew) {
  if (renew == Renew::all || !same_process(before, after)) return Change::renew;
  return same_supervision(before, after) ? Change::keep : Change::adjust;
}

}  // namespace

std::vector<Step> plan_reload(const std::vector<Service>& running, const std::vector<Service>& wanted,
                              Renew renew) {
  std::map<std::string, std::size_t> before;
  for (std::size_t i = 0; i < running.size(); ++i) before.emplace(running[i].identity(), i);
  std::vector<Step> steps;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto found = before.find(wanted[i].identity());
    if (found == before.end()) {
      steps.push_back({Change::add, 0, i});
      continue;
    }
    steps.push_back({change_between(running[found->second], wanted[i], renew), found->second, i});
    before.erase(found);
  }
  for (const auto& [identity, index] : before) steps.push_back({Change::remove, index, 0});
  return steps;
}

bool may_start(const Service& service, const Standing& standing) {
  if (standing.stopping || standing.throttled || standing.available > 0) return false;
  if (is_single(service)) return standing.current == 0 && standing.leaving == 0;
  return service.limit == 0 || standing.current < service.limit;
}

bool is_saturated(const Service& service, const Standing& standing) {
  return !standing.stopping && !standing.throttled && standing.available == 0 && service.limit != 0 &&
         standing.current >= service.limit;
}

Verdict judge(const Ending& ending) {
  if (ending.was_told) return Verdict::fine;
  if (!ending.was_available) return Verdict::bad_start;
  if (ending.has_served || (ending.clean && ending.said_leaving) || ending.lived >= kLongEnough) {
    return Verdict::fine;
  }
  return Verdict::useless;
}

bool is_proof(const Ending& ending) {
  return ending.was_available && (ending.has_served || ending.lived >= kLongEnough);
}

}  // namespace postern::master
