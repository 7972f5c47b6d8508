#include "master/entry.h"

#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/readiness.h"
#include "lib/net/wait.h"
#include "master/wakeup.h"

namespace postern::master {

namespace {

constexpr Duration kSaturationSilence = seconds(1000);
constexpr Duration kStressTime = seconds(1000);
// A process that ends each time it is woken is not woken more often than this.
constexpr Duration kWakeupPause = seconds(1);

std::int64_t in_micros(Duration time) { return std::chrono::duration_cast<microseconds>(time).count(); }

bool is_told_of_saturation(const Service& service) {
  return service.limit > 1 && (service.type == Type::inet || service.type == Type::pass);
}

// One that names a loopback address takes mail back from a filter: its clients are ours, and it must not be hasty.
bool is_stress_aware(const Service& service) {
  return is_told_of_saturation(service) && !service.is_private && !names_loopback(service);
}

}  // namespace

Entry::Entry(net::Loop& loop, Starter& starter, Service service, std::vector<Listener> listeners)
    : loop_(loop),
      starter_(starter),
      service_(std::move(service)),
      listeners_(std::move(listeners)),
      row_(starter.scoreboard().take_row().value_or(daemon::scoreboard::kNoRow)),
      first_use_(loop),
      watching_(loop),
      waking_(loop),
      tasks_(loop) {
  show();
  reconsider_soon();
  begin_waking();
}

Entry::Entry(net::Loop& loop, Starter& starter, HandedService handed)
    : loop_(loop),
      starter_(starter),
      service_(std::move(handed.service)),
      report_(daemon::parse_report(handed.counts)),
      row_(starter.scoreboard().take_row().value_or(daemon::scoreboard::kNoRow)),
      retired_(handed.is_retired),
      first_use_(loop),
      watching_(loop),
      waking_(loop),
      tasks_(loop) {
  for (const HandedListener& listener : handed.listeners) {
    listeners_.push_back({listener.key, listener.path, Fd(listener.fd)});
  }
  for (const HandedChild& child : handed.children) {
    begin(Child::resume(loop, child));
    starter_.scoreboard().moved(child.slot, row_);
  }
  used_ = handed.was_used;
  show();
}

HandedService Entry::hand_over() const {
  HandedService handed;
  handed.service = service_;
  handed.counts = daemon::format_report(report_, daemon::scoreboard::kRow);
  handed.was_used = used_;
  handed.is_retired = retired_;
  for (const Listener& listener : listeners_) {
    handed.listeners.push_back({listener.key, listener.path, listener.fd.get()});
  }
  for (const auto& child : children_) handed.children.push_back(child->hand_over());
  return handed;
}

Entry::~Entry() {
  if (row_ != daemon::scoreboard::kNoRow) starter_.scoreboard().free_row(row_);
}

void Entry::adjust(Service service) {
  const bool other_wakeup =
      service.wakeup != service_.wakeup || service.wakeup_if_used != service_.wakeup_if_used;
  service_ = std::move(service);
  dismiss_surplus();
  try_again();
  show();
  reconsider_soon();
  // One that was handed over has not been woken since.
  if (other_wakeup || waking_.size() == 0) begin_waking();
}

// More processes than a lowered limit allows: those that may have nothing in hand go first.
void Entry::dismiss_surplus() {
  if (service_.limit == 0) return;
  for (const bool only_available : {true, false}) {
    for (const auto& child : children_) {
      if (standing().current <= service_.limit) return;
      if (!only_available || child->is_available()) child->ask_to_leave();
    }
  }
}

void Entry::keep(const Service& service) {
  try_again();
  if (service.line == service_.line && service.fault == service_.fault) return;
  service_.line = service.line;
  service_.fault = service.fault;
  show();
}

void Entry::try_again() {
  if (!throttled_) return;
  throttled_ = false;
  tasks_.cancel();
  show();
  reconsider_soon();
}

void Entry::begin_waking() {
  waking_.cancel();
  if (service_.wakeup > seconds(0)) waking_.spawn(keep_waking());
}

void Entry::renew(Service service) {
  for (const auto& child : children_) child->ask_to_leave();
  throttle_.forget();
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
  show();
}

Standing Entry::standing() const {
  Standing standing;
  standing.throttled = throttled_;
  standing.stopping = retired_ || closing_;
  for (const auto& child : children_) {
    if (child->is_relieved()) continue;
    // One that cannot start is judged when it has ended; until then the next one would fare no better.
    const bool counts = child->is_available() || child->is_failing();
    ++(child->is_leaving() && !child->is_failing() ? standing.leaving : standing.current);
    if (counts) ++standing.available;
  }
  return standing;
}

// The oldest leads; one that is alone knows that.
void Entry::tell_roles() {
  bool leads = true;
  for (const auto& child : children_) {
    if (child->is_leaving() || child->is_stuck()) continue;
    child->tell_role(std::exchange(leads, false));
  }
}

void Entry::reconsider() {
  tell_roles();
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
  auto child = starter_.start_child(*this);
  if (!child) {
    remember_failure(child.error().text);
    throttle(child.error().text);
    return;
  }
  ++report_.started;
  begin(std::move(*child));
  show();
}

void Entry::begin(std::unique_ptr<Child> child) {
  child->listen(service_.program, [this] {
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
  log_warning(concat("service \"", service_.name, "\" (", short_address(service_),
                     ") has reached its process limit \"", service_.limit,
                     "\": new clients may experience noticeable delays"));
  log_warning(
      concat("to avoid this condition, increase the process count in master.cf or reduce the service time "
             "per client"));
  log_warning(
      "see https://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration "
      "settings");
  if (is_stress_aware(service_)) set_stress(true);
}

void Entry::set_stress(bool stressed) {
  stressed_until_ = stressed ? loop_.now() + kStressTime : Instant{};
  report_.stressed_until = stressed ? wall_micros() + in_micros(kStressTime) : 0;
  for (const auto& child : children_) child->tell_stress(stressed);
  show();
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
  const Duration time = throttle_.after_failure(starter_.throttle_time());
  const auto tenths = std::chrono::duration_cast<milliseconds>(time).count() / 100;
  log_warning(concat("service \"", service_.name, "\": ", why, ": no new process for ", tenths / 10, ".",
                     tenths % 10, " s"));
  throttled_ = true;
  tasks_.cancel();
  report_.throttled_until = wall_micros() + in_micros(time);
  tasks_.spawn(end_throttle(loop_.in(time)));
  show();
}

net::Task<void> Entry::end_throttle(Deadline when) {
  co_await net::sleep_until(loop_, when);
  throttled_ = false;
  reconsider_soon();
  begin_waking();
  show();
}

void Entry::remember_failure(const std::string& what) {
  ++report_.failures;
  report_.last_failure = what;
  report_.last_failure_at = wall_micros();
}

Ending Entry::ending_of(const Child& child, int status) const {
  Ending ending;
  ending.was_available = child.was_available();
  ending.was_told = child.was_told();
  ending.said_leaving = child.said_leaving();
  ending.has_served =
      starter_.scoreboard().value_of(child.slot(), daemon::kConnections) > 0 || child.was_busy();
  ending.clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  ending.lived = loop_.now() - child.birth().when;
  return ending;
}

void Entry::log_end(const Child& child, int status) {
  const std::string who = concat("process ", starter_.path_of(service_), " pid ", child.pid());
  const std::string end = WIFSIGNALED(status) ? concat("killed by signal ", WTERMSIG(status))
                                              : concat("exit status ", WEXITSTATUS(status));
  const bool asked = starter_.is_stopping() && child.was_told();
  if (WIFSIGNALED(status) ? asked : status == 0) return;
  log_warning(concat(who, " ", end));
  const std::string& words = child.last_words();
  remember_failure(concat("process ", child.pid(), ": ", child.was_hung() ? "hung" : end,
                          words.empty() ? "" : ": ", words));
}

void Entry::judge_end(Child& child, int status) {
  child.catch_up_at_end();
  report_.sessions_before +=
      static_cast<std::int64_t>(starter_.scoreboard().value_of(child.slot(), daemon::kConnections));
  log_end(child, status);
  if (starter_.is_stopping() || retired_) return;
  const Ending ending = ending_of(child, status);
  if (is_proof(ending)) throttle_.forget();
  const Verdict verdict = judge(ending);
  if (verdict == Verdict::fine) {
    // What it had in hand need not wait until the next wakeup; an idle process had nothing.
    const bool was_idle = ending.clean && !ending.was_told;
    if (children_.empty() && !was_idle) begin_waking();
    return;
  }
  if (verdict == Verdict::bad_start) {
    log_warning(concat(starter_.path_of(service_), ": bad command startup -- throttling"));
  }
  if (status == 0) remember_failure(concat("process ", child.pid(), ": ended before it had served anybody"));
  throttle(report_.last_failure);
}

std::optional<unsigned> Entry::ended(pid_t pid, int status) {
  const auto found = std::find_if(children_.begin(), children_.end(),
                                  [&](const auto& child) { return child->pid() == pid; });
  if (found == children_.end()) return std::nullopt;
  const std::unique_ptr<Child> child = std::move(*found);
  children_.erase(found);
  judge_end(*child, status);
  show();
  if (!retired_) reconsider_soon();
  return child->slot();
}

void Entry::show() const {
  if (row_ == daemon::scoreboard::kNoRow) return;
  daemon::ServiceReport report = report_;
  fill_in(report, service_);
  report.state = daemon::name_of(retired_     ? daemon::ServiceState::leaving
                                 : throttled_ ? daemon::ServiceState::throttled
                                              : daemon::ServiceState::listening);
  if (!throttled_) report.throttled_until = 0;
  if (report.last_failure.empty()) report.last_failure = service_.fault;
  starter_.scoreboard().write_row(row_, report);
}

}  // namespace postern::master
