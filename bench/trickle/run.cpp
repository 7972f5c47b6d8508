#include "bench/trickle/run.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cstdio>

#include "lib/base/text.h"

namespace postern::trickle {

namespace {

constexpr int kTurnMs = 5;
constexpr std::size_t kAnnouncedLate = 50;  // of a thousand: so many may not trickle when all are said to

// Each calls from another address.
std::string source_of(std::size_t number) {
  return concat("127.", 20 + number / 62500, ".", number / 250 % 250, ".", 1 + number % 250);
}

double seconds_of(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Run::Run(const Options& options) : options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  const auto all = all_phases(options.to);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if ((options_["kinds"] >> i & 1) != 0) phases_.push_back(all[i]);
  }
  for (const Phase& phase : phases_)
    tallies_.emplace_back(phase.name, limit_of(phase) + milliseconds(options_["grace_ms"]));
  const auto count = static_cast<std::size_t>(options_["count"]);
  tricklers_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) tricklers_.emplace_back(phases_[phase_of(i)]);
  watched_.resize(count);
}

Duration Run::limit_of(const Phase& phase) const {
  switch (phase.limit) {
    case Limit::first: return seconds(options_["first_s"]);
    case Limit::handshake: return seconds(options_["handshake_s"]);
    default: return seconds(options_["request_s"]);
  }
}

std::string Run::all(const std::atomic<bool>& stop) {
  started_ = now_ = dripped_ = std::chrono::steady_clock::now();
  epoll_event events[512];
  while (!stop && !is_over()) {
    const int count = ::epoll_wait(epoll_.get(), events, static_cast<int>(std::size(events)), kTurnMs);
    now_ = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) attend(events[i].data.u32, events[i].events);
    call_next();
    drip();
    announce();
  }
  return report();
}

bool Run::is_over() const {
  if (seconds_of(now_ - started_) > static_cast<double>(options_["seconds"])) return true;
  return announced_ && open_ == 0 && again_.empty();
}

// As many as are due by the rate.
void Run::call_next() {
  const auto due =
      static_cast<std::size_t>(seconds_of(now_ - started_) * static_cast<double>(options_["rate"]));
  for (; calls_ < due; ++calls_) {
    if (callers_ < tricklers_.size()) {
      call(callers_++);
      grew_ = now_;
    } else if (!again_.empty()) {
      const auto number = again_.back();
      again_.pop_back();
      call(number);
    }
  }
}

void Run::call(std::size_t number) {
  Trickler& trickler = tricklers_[number];
  tallies_[phase_of(number)].called();
  if (!trickler.open(source_of(number), static_cast<unsigned>(options_["port"]))) {
    tallies_[phase_of(number)].ended(Trickler::End::unreached, {});
    return;
  }
  ++open_;
  watched_[number] = trickler.interest();
  epoll_event event{.events = watched_[number], .data = {.u32 = static_cast<std::uint32_t>(number)}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, trickler.fd(), &event);
}

void Run::attend(std::size_t number, std::uint32_t events) {
  Trickler& trickler = tricklers_[number];
  const bool before = trickler.state() == Trickler::State::trickling;
  trickler.ready(events, now_);
  if (!before && trickler.state() == Trickler::State::trickling && ++trickling_ > most_) {
    most_ = trickling_;
    grew_ = now_;
  }
  look_after(number);
}

// After something happened to one: it ended, or waits for something else.
void Run::look_after(std::size_t number) {
  Trickler& trickler = tricklers_[number];
  const bool trickled = trickler.state() == Trickler::State::trickling;
  if (const auto end = trickler.ended()) {
    tallies_[phase_of(number)].ended(*end, trickled ? now_ - trickler.begun() : Duration{});
    --open_;
    if (trickled) --trickling_;
    if (options_["again"] != 0) again_.push_back(number);
    return;
  }
  if (watched_[number] == trickler.interest()) return;
  watched_[number] = trickler.interest();
  epoll_event event{.events = watched_[number], .data = {.u32 = static_cast<std::uint32_t>(number)}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, trickler.fd(), &event);
}

// Evenly over time, so that a turn is short.
void Run::drip() {
  const double passed = seconds_of(now_ - dripped_);
  dripped_ = now_;
  const auto all = static_cast<double>(tricklers_.size());
  due_ = std::min(due_ + all * passed * 1e3 / static_cast<double>(options_["every_ms"]), all);
  for (; due_ >= 1; due_ -= 1) {
    const std::size_t number = turn_;
    turn_ = (turn_ + 1) % tricklers_.size();
    if (tricklers_[number].state() != Trickler::State::trickling) continue;
    tricklers_[number].tick();
    look_after(number);
  }
}

void Run::announce() {
  if (announced_ || callers_ < tricklers_.size()) return;
  const bool nearly = trickling_ * 1000 >= tricklers_.size() * (1000 - kAnnouncedLate);
  if (!nearly && seconds_of(now_ - grew_) < static_cast<double>(options_["settle_s"])) return;
  announced_ = true;
  std::printf("{\"trickling\": %zu, \"open\": %zu, \"seconds\": %.2f}\n", trickling_, open_,
              seconds_of(now_ - started_));
  std::fflush(stdout);
}

std::string Run::report() {
  for (std::size_t i = 0; i < tricklers_.size(); ++i) {
    if (tricklers_[i].state() == Trickler::State::trickling)
      tallies_[phase_of(i)].stays(now_ - tricklers_[i].begun());
  }
  std::size_t late = 0;
  std::string kinds;
  for (Tally& tally : tallies_) {
    late += tally.late();
    kinds += concat(kinds.empty() ? "" : ", ", tally.json());
  }
  return concat("{\"most\": ", most_, ", \"late\": ", late,
                ", \"seconds\": ", std::to_string(seconds_of(now_ - started_)), ", \"kinds\": {", kinds,
                "}}");
}

}  // namespace postern::trickle
