#include "bench/botnet/run.h"

#include <cstdio>

#include "bench/botnet/bots.h"
#include "bench/botnet/senders.h"
#include "lib/base/text.h"
#include "lib/net/wait.h"

namespace postern::botnet {

namespace {

constexpr std::size_t kBurst = 64;  // connections that are started before the others may go on

// Addresses that nobody else calls from, each another one.
std::string holder_address(std::size_t number) {
  return concat("127.", 100 + number / 62500, ".", number / 250 % 250, ".", 1 + number % 250);
}

}  // namespace

std::string Run::all() {
  const auto begun = loop_.now();
  scope_.spawn(start_all());
  while (scope_.size() > 0) loop_.turn(net::Loop::Wait::yes);
  return tally_.json(loop_.now() - begun);
}

net::Task<void> Run::start_all() {
  if (options_["hold"] > 0) {
    co_await hold_all();
  }
  co_await start_callers();
}

net::Task<void> Run::hold_all() {
  const auto begun = loop_.now();
  const auto step = std::chrono::nanoseconds(1'000'000'000 / options_["rate"]);
  const auto count = static_cast<std::size_t>(options_["hold"]);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % kBurst == 0) {
      co_await net::sleep_until(loop_, begun + step * i);
    }
    scope_.spawn(hold_one(holder_address(i)));
  }
  const auto limit = loop_.in(options_.patience());
  while (held_ + not_held_ < count && loop_.now() < limit) {
    co_await net::sleep_until(loop_, loop_.in(milliseconds(10)));
  }
  std::printf("{\"held\": %zu, \"not_held\": %zu}\n", held_, not_held_);
  std::fflush(stdout);
}

net::Task<void> Run::hold_one(std::string source) {
  Call call(loop_, options_);
  const bool open = co_await call.open(source);
  ++(open ? held_ : not_held_);
  if (open) {
    const int code = co_await call.greeting();
    if (code == 220) tally_.add_late(call.visit.greeting_after - options_.greet_wait());
  }
  tally_.add_holder(call.visit);
}

net::Task<void> Run::start_callers() {
  const auto begun = loop_.now();
  const auto most = static_cast<std::size_t>(options_["most"]);
  for (const Caller& caller : make_plan(options_)) {
    co_await net::sleep_until(loop_, begun + caller.start);
    while (most > 0 && callers_ >= most) {
      co_await net::sleep_until(loop_, loop_.in(milliseconds(1)));
    }
    ++callers_;
    scope_.spawn(is_legitimate(caller.kind) ? sender(caller) : bot(caller));
  }
}

net::Task<void> Run::bot(Caller caller) {
  auto visit = co_await visit_as_bot(loop_, options_, caller);
  tally_.add(caller.kind, visit);
  --callers_;
}

net::Task<void> Run::sender(Caller caller) {
  const std::function<void(const Visit&)> tell = [this, kind = caller.kind](const Visit& visit) {
    tally_.add(kind, visit);
  };
  auto delivery = co_await send_message(loop_, options_, caller, tell);
  tally_.add(caller.kind, delivery);
  --callers_;
}

}  // namespace postern::botnet
