// The scoreboard as a child sees it: its own page, and the numbers on it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "lib/base/result.h"
#include "lib/daemon/scoreboard_memory.h"

namespace postern::daemon {

// A number on the scoreboard. One thread of one process writes it; without a page it counts for itself alone.
class Counter {
 public:
  Counter() = default;
  explicit Counter(std::atomic<std::uint64_t>* number) : number_(number) {}
  void add(std::uint64_t n = 1) { set(get() + n); }
  void subtract(std::uint64_t n = 1) { set(get() - n); }
  void set(std::uint64_t n) {
    if (number_ != nullptr) number_->store(n, std::memory_order_relaxed);
    own_ = n;
  }
  std::uint64_t get() const { return number_ != nullptr ? number_->load(std::memory_order_relaxed) : own_; }

 private:
  std::atomic<std::uint64_t>* number_ = nullptr;
  std::uint64_t own_ = 0;
};

// A place for a number whose name changes, such as the worst of many. One thread of one process writes it; without a page it
// says nothing to anybody.
class Label {
 public:
  Label() = default;
  explicit Label(scoreboard::Value* value) : value_(value) {}
  // An empty name hides it. Names of more than 51 bytes are cut. Not often: who looks at this instant may miss it.
  void set(std::string_view name, std::uint64_t number);

 private:
  scoreboard::Value* value_ = nullptr;
};

// A child's view: its own page. Without a scoreboard (a test, a run by hand) it is a page that nobody sees.
class OwnPage {
 public:
  OwnPage();
  // Maps page `slot` of the descriptor, which may be closed afterwards, and writes who we are on it.
  static Result<OwnPage> open(int fd, unsigned slot, std::string_view program, std::string_view service,
                              std::uint32_t generation);
  void set_state(State state) { page_->state.store(state, std::memory_order_relaxed); }
  // The loop has turned once more.
  void count_turn() {
    page_->turns.store(page_->turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  // The number with this name; the same one each time. Names of more than 51 bytes are cut; when all kValues
  // are taken, one that is seen by nobody.
  Counter counter(std::string_view name) { return value(name, scoreboard::Kind::counter); }
  Counter gauge(std::string_view name) { return value(name, scoreboard::Kind::gauge); }
  // Another one each time.
  Label label();

 private:
  Counter value(std::string_view name, scoreboard::Kind kind);
  Mapping memory_;
  std::unique_ptr<scoreboard::Page> private_;
  scoreboard::Page* page_;
};

}  // namespace postern::daemon
