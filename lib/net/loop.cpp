#include "lib/net/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <new>

namespace postern::net {

// ---- posted: a ring with the loop's own member as its head

void Posted::unpost() {
  if (next_ == nullptr) return;
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = previous_ = nullptr;
}

void Loop::post(Posted& what) {
  if (what.is_posted()) return;
  what.previous_ = posted_.previous_;
  what.next_ = &posted_;
  posted_.previous_->next_ = &what;
  posted_.previous_ = &what;
}

struct Loop::Once : Posted {
  explicit Once(std::function<void()> f) : function(std::move(f)) {}
  void turn_came() override {
    const std::unique_ptr<Once> self(this);
    function();
  }
  std::function<void()> function;
};

void Loop::post(std::function<void()> function) { post(*new Once(std::move(function))); }

void Loop::run_posted() {
  // Only what was posted before: what these post comes in the next turn.
  List now;
  if (posted_.next_ == &posted_) return;
  now.next_ = posted_.next_;
  now.previous_ = posted_.previous_;
  now.next_->previous_ = &now;
  now.previous_->next_ = &now;
  posted_.next_ = posted_.previous_ = &posted_;
  while (now.next_ != &now) {
    Posted* first = now.next_;
    first->unpost();
    ++activity_;
    first->turn_came();
  }
  now.next_ = now.previous_ = nullptr;
}

// ---- timers: a binary heap in which every timer knows its place

void Timer::arm(Deadline when) {
  disarm();
  if (when == Deadline::max()) return;
  when_ = when;
  loop_.timers_.push_back(this);
  position_ = loop_.timers_.size() - 1;
  loop_.heap_up(position_);
}

void Timer::disarm() {
  if (position_ == kNowhere) return;
  const std::size_t at = std::exchange(position_, kNowhere);
  Timer* last = loop_.timers_.back();
  loop_.timers_.pop_back();
  if (last == this) return;
  loop_.heap_put(at, last);
  loop_.heap_up(at);
  loop_.heap_down(last->position_);
}

void Loop::heap_put(std::size_t at, Timer* timer) {
  timers_[at] = timer;
  timer->position_ = at;
}

void Loop::heap_up(std::size_t at) {
  Timer* timer = timers_[at];
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (timers_[parent]->when_ <= timer->when_) break;
    heap_put(at, timers_[parent]);
    at = parent;
  }
  heap_put(at, timer);
}

void Loop::heap_down(std::size_t at) {
  Timer* timer = timers_[at];
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= timers_.size()) break;
    if (child + 1 < timers_.size() && timers_[child + 1]->when_ < timers_[child]->when_) ++child;
    if (timer->when_ <= timers_[child]->when_) break;
    heap_put(at, timers_[child]);
    at = child;
  }
  heap_put(at, timer);
}

void Loop::fire_timers() {
  const Instant time = now();
  while (!timers_.empty() && timers_.front()->when_ <= time) {
    Timer* due = timers_.front();
    due->disarm();
    ++activity_;
    due->time_came();
  }
}

// One libevent timer wakes the loop for the earliest of ours. It is left alone while it is early enough.
struct Loop::Alarm {
  event timer{};
  Instant armed_for = Instant::max();
};

void Loop::arm_alarm() {
  if (timers_.empty() || test_clock_ || alarm_->armed_for <= timers_.front()->when_) return;
  const Instant when = timers_.front()->when_;
  const auto left = std::max<std::int64_t>(0, std::chrono::ceil<microseconds>(when - now()).count());
  const timeval wait{static_cast<time_t>(left / 1'000'000), static_cast<suseconds_t>(left % 1'000'000)};
  event_add(&alarm_->timer, &wait);
  alarm_->armed_for = when;
}

Instant Loop::now() const { return test_clock_ ? test_now_ : std::chrono::steady_clock::now(); }

void Loop::advance(Duration duration) {
  if (!test_clock_) {
    test_now_ = now();
    test_clock_ = true;
  }
  test_now_ += duration;
  poll();
}

// ---- signals and other threads

struct Loop::Signal {
  event signal{};
  std::function<void()> function;
  Loop* loop = nullptr;
  static void came(evutil_socket_t, short, void* self) {
    auto* signal = static_cast<Signal*>(self);
    signal->loop->count_activity();
    signal->function();
  }
};

void Loop::on_signal(int number, std::function<void()> function) {
  auto signal = std::make_unique<Signal>();
  signal->function = std::move(function);
  signal->loop = this;
  event_assign(&signal->signal, base_, number, EV_SIGNAL | EV_PERSIST, &Signal::came, signal.get());
  event_add(&signal->signal, nullptr);
  signals_.push_back(std::move(signal));
}

struct Loop::Wakeup {
  event readable{};
  Fd fd;
};

void Loop::post_from_thread(std::function<void()> function) {
  {
    const std::lock_guard lock(mutex_);
    from_threads_.push_back(std::move(function));
    if (from_threads_.size() > 1) return;  // the loop was woken already
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wakeup_->fd.get(), &one, sizeof one);
}

void Loop::run_threads_posts() {
  count_activity();
  std::uint64_t count = 0;
  [[maybe_unused]] const auto n = ::read(wakeup_->fd.get(), &count, sizeof count);
  std::vector<std::function<void()>> functions;
  {
    const std::lock_guard lock(mutex_);
    functions.swap(from_threads_);
  }
  for (auto& function : functions) function();
}

// ---- the turns

Loop::Loop()
    : alarm_(std::make_unique<Alarm>()), wakeup_(std::make_unique<Wakeup>()), scratch_(new char[kScratch]) {
  posted_.next_ = posted_.previous_ = &posted_;
  event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
  base_ = event_base_new_with_config(config);
  event_config_free(config);
  wakeup_->fd = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (base_ == nullptr || !wakeup_->fd) throw std::bad_alloc();
  event_assign(
      &alarm_->timer, base_, -1, 0,
      [](evutil_socket_t, short, void* alarm) { static_cast<Alarm*>(alarm)->armed_for = Instant::max(); },
      alarm_.get());
  event_assign(
      &wakeup_->readable, base_, wakeup_->fd.get(), EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* loop) { static_cast<Loop*>(loop)->run_threads_posts(); }, this);
  event_add(&wakeup_->readable, nullptr);
  woke_ = now();
}

Loop::~Loop() {
  while (posted_.next_ != &posted_) {
    Posted* left = posted_.next_;
    left->unpost();
    if (auto* once = dynamic_cast<Once*>(left)) delete once;
  }
  posted_.next_ = posted_.previous_ = nullptr;
  for (auto& signal : signals_) event_del(&signal->signal);
  event_del(&alarm_->timer);
  event_del(&wakeup_->readable);
  event_base_free(base_);
}

void Loop::run_hooks() {
  for (auto& hook : hooks_) hook();
}

void Loop::count_activity() {
  ++activity_;
  if (!asleep_) return;
  asleep_ = false;
  woke_ = std::chrono::steady_clock::now();
}

void Loop::turn(Wait wait) {
  // What is posted may post more: an answer that arrived, the reply that it makes, the sending of it. A few
  // rounds before a sleep spare the calls that ask libevent for nothing.
  constexpr int kRounds = 8;
  for (int round = 0; round < kRounds && posted_.next_ != &posted_; ++round) {
    // What was logged is written before the answers that were made with it leave: the log of several processes is
    // then in the order of what happened.
    run_hooks();
    run_posted();
  }
  run_hooks();
  arm_alarm();
  last_turn_ = std::chrono::steady_clock::now() - woke_;
  const bool at_once = wait == Wait::no || stopped_ || posted_.next_ != &posted_;
  asleep_ = true;
  event_base_loop(base_, at_once ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
  if (asleep_) woke_ = std::chrono::steady_clock::now();  // nothing but timers
  asleep_ = false;
  fire_timers();
}

void Loop::run() {
  while (!stopped_) turn(Wait::yes);
  run_hooks();
  stopped_ = false;
}

void Loop::poll() {
  for (;;) {
    const auto before = activity_;
    turn(Wait::no);
    if (activity_ == before && posted_.next_ == &posted_) return;
  }
}

}  // namespace postern::net
