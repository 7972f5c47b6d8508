#include "master/entry.h"

#include <sys/wait.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/readiness.h"
#include "lib/net/wait.h"
#include "master/wakeup.h"

namespace postern::master {

namespace {

constexpr Duration kSaturationSilence = seconds(1000);
// A process that ends each time it is woken is not woken more often than this.
constexpr Duration kWakeupPause = seconds(1);

bool is_told_of_saturation(const Service& service) {
  return service.limit > 1 && (service.type == Type::inet || service.type == Type::pass);
}

}  // namespace

Entry::Entry(net::Loop& loop, Starter& starter, Service service, std::vector<Listener> listeners)
    : loop_(loop),
      starter_(starter),
      service_(std::move(service)),
      listeners_(std::move(listeners)),
      first_use_(loop),
      watching_(loop),
      waking_(loop),
      tasks_(loop) {
  reconsider_soon();
  begin_waking();
}

void Entry::adjust(Service service) {
  const bool other_wakeup =
      service.wakeup != service_.wakeup || service.wakeup_if_used != service_.wakeup_if_used;
  service_ = std::move(service);
  reconsider_soon();
  if (other_wakeup) begin_waking();
}

void Entry::begin_waking() {
  waking_.cancel();
  if (service_.wakeup > seconds(0)) waking_.spawn(keep_waking());
}

void Entry::renew(Service service) {
  for (const auto& child : children_) child->ask_to_leave();
  throttled_ = false;
  tasks_.cancel();
  adjust(std::move(service));
}

void Entry::retire(const std::vector<std::string>& kept) {
  retired_ = true;
  watching_.cancel();
  waking_.cancel();
  tasks_.cancel();
  unpost();
  for (const auto& child : children_) child->ask_to_leave();
  for (Listener& listener : listeners_) close_unless_kept(listener, kept);
  listeners_.clear();
}

Standing Entry::standing() const {
  Standing standing;
  standing.throttled = throttled_;
  standing.stopping = retired_ || closing_;
  for (const auto& child : children_) {
    ++(child->is_leaving() ? standing.leaving : standing.current);
    if (child->is_available()) ++standing.available;
  }
  return standing;
}

void Entry::reconsider() {
  const Standing now = standing();
  const bool warns =
      is_saturated(service_, now) && is_told_of_saturation(service_) && loop_.now() >= warn_again_;
  const bool wanted = may_start(service_, now) || warns;
  if (wanted && watched_) return;
  watched_ = wanted;
  watching_.cancel();
  if (!wanted) return;
  for (const Listener& listener : listeners_) watching_.spawn(watch(listener.fd.get()));
}

net::Task<void> Entry::watch(int listener) {
  net::Readiness readiness(loop_, listener);
  const bool came = co_await readiness.readable(Deadline::max());  // until a client comes
  if (came) client_waits();
}

void Entry::client_waits() {
  // The watch is over, whatever comes of it: reconsider() begins another one if it is wanted.
  watched_ = false;
  reconsider_soon();
  const Standing now = standing();
  if (is_saturated(service_, now)) warn_of_saturation();
  if (!may_start(service_, now)) return;
  auto child = starter_.start_child(service_, listeners_);
  if (!child) {
    throttle("cannot be started");
    return;
  }
  child->listen([this] {
    reconsider_soon();
    starter_.child_changed();
  });
  children_.push_back(std::move(child));
  used_ = true;
  first_use_.notify();
}

void Entry::warn_of_saturation() {
  if (loop_.now() < warn_again_) return;
  warn_again_ = loop_.now() + kSaturationSilence;
  log_warning(concat("service \"", service_.name, "\" (", service_.program,
                     ") has reached its process limit \"", service_.limit,
                     "\": new clients may experience noticeable delays"));
  log_warning(
      concat("to avoid this condition, increase the process count in master.cf or reduce the service time "
             "per client"));
}

net::Task<void> Entry::keep_waking() {
  while (service_.wakeup_if_used && !used_) {
    const bool used = co_await first_use_.wait(Deadline::max());  // until somebody needs it
    if (!used) continue;
  }
  co_await net::sleep_until(loop_, last_wakeup_ + kWakeupPause);
  for (;;) {
    last_wakeup_ = loop_.now();
    if (!throttled_) {
      co_await wake(loop_, service_.type, service_.addresses.front().endpoint, listeners_.front().fd.get());
    }
    co_await net::sleep_until(loop_, loop_.in(service_.wakeup));
  }
}

void Entry::throttle(const std::string& why) {
  const Duration time = starter_.throttle_time();
  log_warning(concat(service_.program, ": ", why, " -- throttling service ", service_.name, " for ",
                     std::chrono::duration_cast<seconds>(time).count(), " seconds"));
  throttled_ = true;
  tasks_.spawn(end_throttle(loop_.in(time)));
}

net::Task<void> Entry::end_throttle(Deadline when) {
  co_await net::sleep_until(loop_, when);
  throttled_ = false;
  reconsider_soon();
  begin_waking();
}

void Entry::judge(Child& child, int status) {
  child.catch_up();
  const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  const std::string who = concat("process ", service_.program, " pid ", child.pid());
  const bool expected = starter_.is_stopping() && child.was_told();
  if (WIFSIGNALED(status) && !expected) log_warning(concat(who, " killed by signal ", WTERMSIG(status)));
  if (WIFEXITED(status) && !clean) log_warning(concat(who, " exit status ", WEXITSTATUS(status)));
  if (starter_.is_stopping() || retired_) return;
  if (!failed_at_start({child.was_available(), child.was_told(), clean})) {
    // What it had in hand need not wait until the next wakeup; an idle process had nothing.
    const bool was_idle = clean && !child.was_told();
    if (children_.empty() && !was_idle) begin_waking();
    return;
  }
  const std::string& words = child.last_words();
  throttle(words.empty() ? "bad command startup" : concat("bad command startup: ", words));
}

std::optional<unsigned> Entry::ended(pid_t pid, int status) {
  const auto found = std::find_if(children_.begin(), children_.end(),
                                  [&](const auto& child) { return child->pid() == pid; });
  if (found == children_.end()) return std::nullopt;
  const std::unique_ptr<Child> child = std::move(*found);
  children_.erase(found);
  judge(*child, status);
  if (!retired_) reconsider_soon();
  return child->slot();
}

}  // namespace postern::master
