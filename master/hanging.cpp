// The part of a service's entry that finds processes which hang or let clients wait.
#include <poll.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "master/entry.h"

namespace postern::master {

namespace {

// A process that leaves turns its loop once a second; the next one may be waiting for its end.
constexpr Duration kStillLimit = seconds(10);

}  // namespace

void Entry::look_after(const Patience& patience) {
  if (is_stressed() && loop_.now() >= stressed_until_) set_stress(false);
  if (children_.empty()) return;
  for (const auto& child : children_) {
    if (child->has_come_back(turns_of(*child))) reconsider_soon();
    kill_if_it_hangs(*child, patience);
  }
  if (!retired_ && !closing_) look_for_stuck();
}

void Entry::kill_if_it_hangs(Child& child, const Patience& patience) {
  const bool never_started = !child.was_available() && loop_.now() - child.birth().when > patience.start;
  const bool never_turns = child.is_stuck() && loop_.now() - child.stuck_since() > patience.watchdog;
  const auto still = child.was_told() ? child.still_since(turns_of(child), loop_.now()) : std::nullopt;
  const bool never_leaves = still && loop_.now() - *still > kStillLimit;
  if ((!never_started && !never_turns && !never_leaves) || child.was_hung() || service_.debug) return;
  const Duration time = never_started ? patience.start : never_turns ? patience.watchdog : kStillLimit;
  log_warning(concat("process ", starter_.path_of(service_), " pid ", child.pid(),
                     never_started ? " has not started after "
                     : never_turns ? " watchdog timeout: has done nothing for "
                                   : " was to leave, and has done nothing for ",
                     std::chrono::duration_cast<seconds>(time).count(), " s: killed"));
  child.kill_hung();
}

// Somebody waits although a process should be there for him: it is stuck, or stopped, or does not know that it should
// tell when it is busy.
void Entry::look_for_stuck() {
  const bool waits = standing().available > 0 && has_client();
  if (waits && client_waited_) {
    for (const auto& child : children_) {
      const std::pair<pid_t, std::uint64_t> before{child->pid(), turns_of(*child)};
      if (!child->was_available() || !child->is_available()) continue;
      if (std::find(turns_.begin(), turns_.end(), before) == turns_.end()) continue;
      log_warning(concat("process ", starter_.path_of(service_), " pid ", child->pid(),
                         " lets clients wait: it counts as busy until it goes on"));
      child->found_stuck(before.second, loop_.now());
      remember_failure(concat("process ", child->pid(), " lets clients wait"));
      show();
      reconsider_soon();
    }
  }
  client_waited_ = waits;
  turns_.clear();
  if (!waits) return;
  for (const auto& child : children_) turns_.emplace_back(child->pid(), turns_of(*child));
}

bool Entry::has_client() const {
  std::vector<pollfd> questions;
  for (const Listener& listener : listeners_) questions.push_back({listener.fd.get(), POLLIN, 0});
  return ::poll(questions.data(), questions.size(), 0) > 0;
}

std::uint64_t Entry::turns_of(const Child& child) const {
  return starter_.scoreboard().page(child.slot()).turns.load(std::memory_order_relaxed);
}

}  // namespace postern::master
